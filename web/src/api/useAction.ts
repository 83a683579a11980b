import { useMutation } from "@tanstack/react-query";

import { isTemporary } from "./client";

/** How often an action is sent again if there is no response, with the same key. */
const RETRIES = 2;

interface Options<Input, Result> {
  onSuccess?: (result: Result, input: Input) => void;
  onError?: (error: Error, input: Input) => void;
}

/**
 * An action of the user. `act` gets an idempotency key of its own for each call, which all retries of the call share,
 * so that a lost response does not make it act twice.
 */
export function useAction<Input, Result>(
  act: (input: Input, idempotencyKey: string) => Promise<Result>,
  { onSuccess, onError }: Options<Input, Result> = {},
) {
  const mutation = useMutation({
    mutationFn: ({ input, key }: { input: Input; key: string }) => act(input, key),
    retry: (failures, error) => isTemporary(error) && failures < RETRIES,
    onSuccess: (result, { input }) => onSuccess?.(result, input),
    onError: (error, { input }) => onError?.(error, input),
  });
  return {
    start: (input: Input) => {
      mutation.mutate({ input, key: newKey() });
    },
    isPending: mutation.isPending,
    error: mutation.error,
    reset: mutation.reset,
  };
}

/** Not `crypto.randomUUID`: browsers have it only on pages with TLS. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
