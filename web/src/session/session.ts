import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { ApiError, get, mayHaveSession, postWithoutRefresh } from "../api/client";
import type { Identity, LoginRequest, SignedIn } from "../api/types";

export const SESSION_KEY = ["session"];

/** What the sign-in page is given: where to go afterwards, and whether a session has ended. */
export interface SignInState {
  from: string;
  ended: boolean;
}

// Whether this page has seen a session that the user has not ended.
let hadSession = false;

/** Return whether there was a session that the user did not end: its lifetime was over, or it was revoked. */
export const hasSessionEnded = (): boolean => hadSession;

/** Return the identity of the session, or null if there is no session. */
export async function readIdentity(): Promise<Identity | null> {
  if (!mayHaveSession()) return null;
  hadSession = true;
  try {
    return await get<Identity>("/api/v1/auth/me");
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

export function useSession() {
  return useQuery({ queryKey: SESSION_KEY, queryFn: readIdentity, staleTime: 5 * 60_000 });
}

export function useSignIn() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (credentials: LoginRequest) => postWithoutRefresh<SignedIn>("/api/v1/auth/login", credentials),
    onSuccess: ({ me }) => {
      hadSession = true;
      queries.setQueryData(SESSION_KEY, me);
    },
  });
}

export function useSignOut() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => postWithoutRefresh("/api/v1/auth/logout"),
    // Even without a response from the server, the next user must not see any data of this session.
    onSettled: () => {
      hadSession = false;
      queries.removeQueries({ predicate: (query) => query.queryKey[0] !== SESSION_KEY[0] });
      queries.setQueryData(SESSION_KEY, null);
    },
  });
}
