import type { Words } from "./words";

export const words: Words = {
  methods: {
    click_id: "ID do clique",
    fbc: "Cookie de clique da Meta",
    fbp: "Cookie de navegador da Meta",
    email: "Email",
    phone: "Telefone",
    ip_user_agent: "Endereço IP e navegador",
    none: "Sem correspondência",
  },
};
