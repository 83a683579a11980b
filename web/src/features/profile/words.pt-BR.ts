import type { Words } from "./words";

export const words: Words = {
  title: "Perfil",
  what: "As suas preferências",
  loading: "as suas preferências",
  name: "Nome",
  nameHelp: "Sua equipe o vê no lugar do seu email.",
  language: "Idioma",
  shopLanguage: (language) => `O da loja: ${language}`,
  timezone: "Fuso horário",
  timezoneHelp: "Todos os horários são mostrados nele.",
  shopTimezone: (zone) => `O da loja: ${zone}`,
  shopDefault: "O da loja",
  theme: "Tema",
  themes: { system: "Como no dispositivo", light: "Claro", dark: "Escuro" },
  keyHints: "Atalhos de teclado",
  keyHintsHelp: "Letras sozinhas agem, e os botões mostram suas teclas. Desligue se você dita textos ou digita por engano.",
  save: "Salvar",
  discard: "Descartar",
  saved: "Suas preferências foram salvas.",
  changedMeanwhile:
    "Suas preferências foram alteradas em outra aba ou outro dispositivo. Este é o novo estado; nada do que você alterou foi salvo.",
};
