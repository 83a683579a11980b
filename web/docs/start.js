SwaggerUIBundle({
  url: "/api/openapi.json",
  domNode: document.getElementById("reference"),
  deepLinking: true,
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
