SwaggerUIBundle({
  url: "/api/openapi.json",
  domNode: document.getElementById("reference"),
  deepLinking: true,
  tryItOutEnabled: false,
  // The public validator would be told of every document that is opened here.
  validatorUrl: null,
  requestInterceptor(request) {
    // A session's changes need the token that its cookie also holds.
    const token = /(?:^|;\s*)orylo_csrf=([^;]*)/.exec(document.cookie)?.[1];
    if (token !== undefined) request.headers["X-CSRF-Token"] = decodeURIComponent(token);
    return request;
  },
});
