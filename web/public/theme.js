// Sets the theme before the first paint. A file of its own: the content security policy allows nothing inline.
const theme = localStorage.getItem("orylo.theme");
if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
