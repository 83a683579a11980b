/** Turn a code into readable text: `dispute_opened` into "Dispute opened". The fallback for codes without a label. */
export function humanise(code: string): string {
  return capitalise(code.replaceAll(/[._]+/g, " ").trim());
}

export const capitalise = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Shorten an id to its beginning and end, enough to distinguish rows. */
export function abbreviateId(id: string): string {
  const native = id.replace(/^[a-z]+[:_]/, "");
  return native.length <= 12 ? native : `${native.slice(0, 6)}…${native.slice(-4)}`;
}
