import { listed } from "../i18n/list";
import type { Words } from "./words";

export const words: Words = {
  roles: {
    operator: "Operador",
    owner: "Proprietário",
    admin: "Administrador",
    analyst: "Analista",
    viewer: "Leitor",
  },
  people: {
    operator: "operadores da plataforma",
    owner: "proprietários",
    admin: "administradores",
    analyst: "analistas",
    viewer: "leitores",
  },
  onlyFor: (people) => `Só ${listed(people)} podem fazer isto.`,
  session: { what: "A sua sessão", loading: "a sua sessão" },
  noPage: "Sua função não dá acesso a esta página. Peça a um proprietário ou administrador da sua loja.",
};
