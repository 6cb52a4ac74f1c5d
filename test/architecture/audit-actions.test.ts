import { describe, expect, it } from 'vitest';
import { auditActions } from '../../src/audit/actions.ts';
import { auditNames } from '../../src/llm-config/provider-keys.ts';
import { tenantAuditActions } from '../../src/tenants/audit-trail.ts';
import { readSource, sourceFiles } from './house.ts';

/** What may stand in a template that builds an action, with every value that it can have. */
const placeholders: Readonly<Record<string, readonly string[]>> = {
  'auditNames[provider]': Object.values(auditNames),
  change: ['set', 'removed'],
};

const written = sourceFiles
  .filter((file) => /^src\/(?!stack\/)/.test(file))
  .flatMap((file) => actionLiterals(readSource(file)))
  .flatMap(expand);

describe('the actions of the audit log', () => {
  it('are written somewhere, each of them, and no other is', () => {
    expect([...new Set(written)].toSorted()).toEqual([...auditActions].toSorted());
  });

  it('stand in the list once', () => {
    expect(new Set(auditActions).size).toBe(auditActions.length);
  });

  it('of the tenants room are those that the room writes', () => {
    const own = sourceFiles
      .filter((file) => file.startsWith('src/tenants/'))
      .flatMap((file) => actionLiterals(readSource(file)));
    expect([...new Set(own)].toSorted()).toEqual([...tenantAuditActions].toSorted());
  });
});

describe('the search for actions', () => {
  it.each([
    ["{ action: 'a.b', x }", ['a.b']],
    ["auditAction:\n 'a.b'", ['a.b']],
    [
      `action: \`llm_config.\${auditNames[provider]}_rejected\``,
      ['llm_config.embedding_key_rejected', 'llm_config.key_rejected'],
    ],
    ['readonly action: string', []],
    ["interaction: 'a.b'", []],
  ])('finds in %s what it stands for', (code, actions) => {
    expect(actionLiterals(code).flatMap(expand)).toEqual(actions);
  });

  it('refuses a template that it cannot expand', () => {
    expect(() => expand(`a.\${b}`)).toThrow(`\${b}`);
  });
});

/** The literals that a file gives to a field `action` or `auditAction`, without their quotes. */
function actionLiterals(code: string): string[] {
  return [...code.matchAll(/\b(?:action|auditAction):\s*(?:'([^']*)'|`([^`]*)`)/g)].map(
    ([, plain, template]) => plain ?? template ?? '',
  );
}

/** Every action that a literal stands for. */
function expand(literal: string): string[] {
  const [, before, placeholder, after] = /^(.*?)\$\{(.*?)\}(.*)$/.exec(literal) ?? [];
  if (before === undefined || placeholder === undefined || after === undefined) return [literal];
  const values = placeholders[placeholder];
  if (values === undefined) throw new Error(`the values of \${${placeholder}} in an action are not known`);
  return values.flatMap((value) => expand(`${before}${value}${after}`));
}
