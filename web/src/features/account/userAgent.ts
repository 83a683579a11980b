/** What a browser's `User-Agent` header says, in the names that users know. */
interface UserAgent {
  browser: string | undefined;
  system: string | undefined;
}

// In this order: most browsers also name Chrome or Safari, and Android also names Linux.
const BROWSERS: readonly (readonly [string, RegExp])[] = [
  ["Edge", /\bEdg(e|A|iOS)?\//],
  ["Opera", /\bOPR\//],
  ["Samsung Internet", /\bSamsungBrowser\//],
  ["Firefox", /\b(Firefox|FxiOS)\//],
  ["Chrome", /(Chrome|CriOS)\//],
  ["Safari", /\bVersion\/\S+ .*\bSafari\//],
];
const SYSTEMS: readonly (readonly [string, RegExp])[] = [
  ["Windows", /\bWindows\b/],
  ["Android", /\bAndroid\b/],
  ["iOS", /\b(iPhone|iPad|iPod)\b/],
  ["macOS", /\bMacintosh\b/],
  ["Linux", /\bLinux\b/],
];

export function readUserAgent(header: string): UserAgent {
  const nameIn = (names: typeof BROWSERS) => names.find(([, pattern]) => pattern.test(header))?.[0];
  return { browser: nameIn(BROWSERS), system: nameIn(SYSTEMS) };
}
