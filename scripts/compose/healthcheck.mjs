// healthcheck.mjs PORT PATH: exits 0 when the process in this container answers 2xx, else 1. The image has no curl.
const [port, path] = process.argv.slice(2);
try {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(4_000) });
  process.exitCode = response.ok ? 0 : 1;
} catch {
  process.exitCode = 1;
}
