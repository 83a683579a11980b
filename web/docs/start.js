/** Show each operation's `x-codeSamples` above its responses. */
function codeSamples({ React }) {
  const element = React.createElement;
  const show = ({ label, source }) =>
    element("details", { key: label }, element("summary", null, label), element("pre", null, source));
  return {
    wrapComponents: {
      responses: (Responses) => (props) => {
        const operation = ["paths", props.path, props.method, "x-codeSamples"];
        const samples = props.specSelectors.specJson().getIn(operation)?.toJS() ?? [];
        const section = element("section", { className: "code-samples" }, element("h4", null, "Examples"), ...samples.map(show));
        return element(React.Fragment, null, section, element(Responses, props));
      },
    },
  };
}

/** Show the examples of optional parameters in their descriptions. In the form, each would become a filter. */
function emptyOptionalParameters() {
  const describe = (parameter) => {
    if (parameter.required) return parameter;
    const { example, description = "", ...rest } = parameter;
    return { ...rest, description: `${description}, such as \`${example}\`` };
  };
  const updateJsonSpec = (original) => (document) => {
    const operations = Object.values(document.paths ?? {}).flatMap(Object.values);
    for (const operation of operations) operation.parameters = operation.parameters.map(describe);
    return original(document);
  };
  return { statePlugins: { spec: { wrapActions: { updateJsonSpec } } } };
}

SwaggerUIBundle({
  url: "/api/openapi.json",
  domNode: document.getElementById("reference"),
  deepLinking: true,
  filter: true,
  plugins: [codeSamples, emptyOptionalParameters],
  tryItOutEnabled: false,
  // Swagger's public validator would learn of every document opened here.
  validatorUrl: null,
  requestInterceptor(request) {
    // Requests that change something must repeat the session's CSRF token in a header.
    const token = /(?:^|;\s*)orylo_csrf=([^;]*)/.exec(document.cookie)?.[1];
    if (token !== undefined) request.headers["X-CSRF-Token"] = decodeURIComponent(token);
    return request;
  },
});
