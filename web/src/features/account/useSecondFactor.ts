import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { get, post } from "../../api/client";
import type { Enrolment, RecoveryCodes, SecondFactorState } from "../../api/types";

const PATH = "/api/v1/account/second-factor";
const KEY = ["account", "second-factor"];

export function useSecondFactor() {
  return useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => get<SecondFactorState>(PATH, {}, signal),
    refetchOnMount: "always",
  });
}

/** The two steps that turn it on: `begin` returns the secret, `confirm` the recovery codes. */
export function useEnrolment() {
  return {
    begin: useMutation({ mutationFn: (password: string) => post<Enrolment>(`${PATH}/enrolment`, { password }), gcTime: 0 }),
    confirm: useMutation({
      mutationFn: (code: string) => post<RecoveryCodes>(`${PATH}/confirmation`, { code }),
      gcTime: 0,
    }),
  };
}

export function useTurnOff() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (request: { password: string; code: string }) => post<SecondFactorState>(`${PATH}/disable`, request),
    onSuccess: (state) => {
      queries.setQueryData(KEY, state);
    },
  });
}
