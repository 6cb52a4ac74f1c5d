/** An error of JSON-RPC for a request that no server has seen. */
export interface JsonRpcRefusal {
  readonly kind: 'refused';
  readonly status: number;
  readonly body: {
    readonly jsonrpc: '2.0';
    readonly id: null;
    readonly error: { readonly code: number; readonly message: string };
  };
}

/** The codes of JSON-RPC by what is wrong. */
const codes = { parse: -32_700, request: -32_600, transport: -32_000, internal: -32_603 } as const;

/** Creates the refusal of a request. Its id is not known, or is one of many. */
export function jsonRpcRefusal(status: number, what: keyof typeof codes, message: string): JsonRpcRefusal {
  return {
    kind: 'refused',
    status,
    body: { jsonrpc: '2.0', id: null, error: { code: codes[what], message } },
  };
}
