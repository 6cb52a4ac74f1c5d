import { existsSync, readFileSync } from 'node:fs';
import { Copy, DockerfileParser, type Instruction, JSONInstruction } from 'dockerfile-ast';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readCompose } from './compose-file.ts';
import { findLiteralSecrets } from './literal-secrets.ts';

const text = readFileSync('Dockerfile', 'utf8');
const instructions = DockerfileParser.parse(text).getInstructions();

/** The stages that compose builds images of. */
const images = [
  ...new Set(Object.values(readCompose().services).flatMap(({ build }) => build?.target ?? [])),
];

/** Sources of COPY from the build context, all stages. */
const copied = instructions
  .filter((one) => one instanceof Copy && one.getFromFlag() === null)
  .flatMap((one) => argumentsOf(one).slice(0, -1));

describe('the Dockerfile', () => {
  it('has a stage for every image that compose builds', () => {
    expect(images.sort()).toEqual(['app', 'embedding']);
    for (const name of images) expect(stage(name).instructions.length).toBeGreaterThan(0);
  });

  it.each(images)('ends the image %s as a user that is not root, by number', (name) => {
    const users = stage(name).instructions.filter((one) => one.getKeyword() === 'USER');
    expect(users.at(-1)?.getArgumentsContent()).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });

  it.each(images)(
    'gives the image %s a health check and a command in the form that passes signals on',
    (name) => {
      const last = (keyword: string) =>
        stage(name)
          .instructions.filter((one) => one.getKeyword() === keyword)
          .at(-1);
      expect(last('HEALTHCHECK')?.getRawArgumentsContent()).toMatch(/CMD \["/);
      expect(wordsOf(last('CMD') ?? expect.fail(`${name} has no CMD`)).length).toBeGreaterThan(1);
    },
  );

  it('names no file or npm script that is not in the repository', () => {
    const compiled = [...text.matchAll(/"dist\/([^"]+)\.js"/g)].map(([, path]) => `${path}.ts`);
    const scripts = [...text.matchAll(/"(scripts\/[^"]+)"/g)].map(([, path]) => path ?? '');
    expect([...copied, ...compiled, ...scripts].filter((path) => !existsSync(path))).toEqual([]);

    const known = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(readFileSync('package.json', 'utf8'))).scripts;
    const run = [...text.matchAll(/npm run (\S+)/g)].map(([, script]) => script ?? '');
    expect(run.filter((script) => !(script in known))).toEqual([]);
  });

  it('copies nothing that .dockerignore keeps out of the build', () => {
    const allowed = readFileSync('.dockerignore', 'utf8')
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? line.slice(1) : []));
    const kept = (path: string) => allowed.some((entry) => path === entry || path.startsWith(`${entry}/`));
    expect(copied.filter((path) => !kept(path))).toEqual([]);
  });

  it('keeps everything out of the build that is not named', () => {
    const [first] = readFileSync('.dockerignore', 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(first).toBe('*');
  });

  it('installs what the lock file says, and in the image no development dependency', () => {
    const installs = instructions
      .map((one) => one.getRawArgumentsContent() ?? '')
      .filter((line) => /\bnpm (ci|i|install)\b/.test(line));
    expect(installs.every((line) => /\bnpm ci\b/.test(line))).toBe(true);
    const modules = stage('app').instructions.find(
      (one) => one instanceof Copy && argumentsOf(one).includes('node_modules'),
    );
    expect(modules instanceof Copy && modules.getFromFlag()?.getValue()).toBe('dependencies');
    expect(
      stage('dependencies').instructions.some((one) => one.getRawArgumentsContent()?.includes('--omit=dev')),
    ).toBe(true);
  });

  it('pins the images that it starts from', () => {
    const bases = [...text.matchAll(/^ARG \w+_IMAGE=(\S+)$/gm)].map(([, image]) => image ?? '');
    expect(bases).toHaveLength(2);
    expect(bases.filter((image) => !/:\d+\.\d+/.test(image))).toEqual([]);
  });

  it('writes out no secret', () => {
    expect(findLiteralSecrets(text)).toEqual([]);
  });
});

function stage(name: string): Stage {
  const found = stages().find((one) => one.name === name);
  if (!found) throw new Error(`the Dockerfile has no stage ${name}`);
  return found;
}

function argumentsOf(instruction: Instruction): string[] {
  return instruction.getArguments().map((argument) => argument.getValue());
}

/** The words of a CMD, ENTRYPOINT or HEALTHCHECK in its JSON form. */
function wordsOf(instruction: Instruction): string[] {
  return (instruction instanceof JSONInstruction ? instruction.getJSONStrings() : []).map((word) =>
    word.getJSONValue(),
  );
}

interface Stage {
  readonly name: string;
  readonly instructions: Instruction[];
}

/** The build stages in order, each with the instructions after its FROM; what stands before the first belongs to none. */
function stages(): Stage[] {
  const found: Stage[] = [];
  for (const instruction of instructions) {
    if (instruction.getKeyword() === 'FROM') {
      const name = /\sAS\s+(\S+)$/i.exec(instruction.getArgumentsContent() ?? '')?.[1] ?? '';
      found.push({ name, instructions: [] });
    } else {
      found.at(-1)?.instructions.push(instruction);
    }
  }
  return found;
}
