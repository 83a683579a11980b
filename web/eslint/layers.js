import { dirname, relative, resolve, sep } from "node:path";

const root = resolve(import.meta.dirname, "../src");

/**
 * Which folders of `src` each folder may import. Within `features` and `subjects`, each subfolder is a slice:
 * a slice imports no other slice. Test files may also import `test`, which may import everything.
 */
export const LAYERS = {
  app: ["features", "subjects", "ui", "stream", "session", "api", "i18n"],
  features: ["subjects", "ui", "stream", "session", "api", "i18n"],
  subjects: ["ui", "stream", "session", "api", "i18n"],
  stream: ["session", "api"],
  session: ["ui", "api", "i18n"],
  api: [],
  ui: ["i18n"],
  i18n: [],
};

const SLICED = ["features", "subjects"];

/** The exceptions: subjects that show other subjects. They must not form a circle. */
export const SUBJECT_IMPORTS = {
  // A conversion names the destination that it is sent to; the goal of the match rate is a setting.
  conversions: ["destinations", "settings"],
  // The health of a shop is that of its gateways and destinations.
  health: ["destinations", "gateways"],
  // The story of a payment: the gateway that reported it, the decisions on it, its buyer and its conversions.
  payments: ["gateways", "detections", "customers", "conversions"],
};

/** Split a file's path into its layer and slice. */
function locate(path) {
  const [layer, slice] = relative(root, path).split(sep);
  return { layer, slice: SLICED.includes(layer) ? slice : undefined };
}

function isAllowed(from, to, isTest) {
  if (!(from.layer in LAYERS)) return true;
  if (to.layer === "test") return isTest;
  if (from.layer !== to.layer) return LAYERS[from.layer].includes(to.layer);
  if (from.slice === to.slice) return true;
  return from.layer === "subjects" && (SUBJECT_IMPORTS[from.slice] ?? []).includes(to.slice);
}

/** An ESLint rule: imports between the folders of `src` follow LAYERS. */
export const layers = {
  meta: {
    type: "problem",
    schema: [],
    messages: { forbidden: "{{from}} must not import {{to}} (see eslint/layers.js)" },
  },
  create(context) {
    const from = locate(context.filename);
    const isTest = /\.test\.tsx?$/.test(context.filename);
    const name = ({ layer, slice }) => [layer, slice].filter(Boolean).join("/");

    function check({ source }) {
      if (typeof source?.value !== "string" || !source.value.startsWith(".")) return;
      const to = locate(resolve(dirname(context.filename), source.value));
      if (isAllowed(from, to, isTest)) return;
      context.report({ node: source, messageId: "forbidden", data: { from: name(from), to: name(to) } });
    }

    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    };
  },
};
