import type { Words } from "./words";

export const words: Words = {
  title: "Entrar no Orylo",
  lead: "Pagamentos, decisões e conversões no momento em que acontecem.",
  ended: "Sua sessão terminou. Entre de novo para continuar de onde parou.",
  email: "Email",
  password: "Senha",
  next: "Entrar",
  busy: "Entrando…",
  back: "Voltar",
  signingInAs: (email) => `como ${email}`,
  shop: { title: "Qual loja?", lead: "Este email pertence a várias. Escolha uma." },
  code: {
    title: "Digite seu código",
    label: "Código do seu aplicativo autenticador",
    help: "Os seis dígitos que o aplicativo mostra agora. Sem o aplicativo: um dos seus códigos de recuperação.",
  },
  locked: {
    title: "Tentativas demais",
    text: (wait) => `Para sua proteção, a entrada está pausada. Tente de novo em ${wait}.`,
    remaining: (clock) => `faltam ${clock}`,
  },
  errors: {
    wrong_credentials: "O email ou a senha está incorreto.",
    wrong_totp:
      "O código está incorreto ou já foi usado. Digite o código que o aplicativo mostra agora, ou um código de recuperação.",
    validation: "Confira o email e a senha.",
  },
  language: "Idioma",
};
