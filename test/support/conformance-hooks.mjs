// The conformance suite imports `globSync`, which Node.js has from version 22 on; it needs it for a command that is not used here.
export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  if (!url.endsWith('/@modelcontextprotocol/conformance/dist/index.js')) return loaded;
  return {
    ...loaded,
    source: String(loaded.source)
      .replace('globSync as o,', '')
      .replace(/^(#!.*\n)?/, '$1const o=()=>[];'),
  };
}
