import type { Words } from "./words";

export const words: Words = {
  pages: {
    overview: "Visão geral",
    payments: "Pagamentos",
    payment: "Pagamento",
    review: "Revisão",
    customers: "Clientes",
    customer: "Cliente",
    conversions: "Conversões",
    problems: "Problemas",
    gateways: "Gateways",
    gateway: "Gateway",
    destinations: "Destinos",
    destination: "Destino",
    health: "Saúde",
    welcome: "Primeiros passos",
    profile: "Perfil",
    account: "Segurança da conta",
    login: "Entrar",
  },
  groups: { work: "Trabalho", connections: "Conexões", system: "Sistema" },
  navigation: "Principal",
  skip: "Ir para o conteúdo",
  apiReference: "Referência da API",
  thePage: "a página",
  pageAdvice: "O Orylo pode ter sido atualizado, ou a página tem um erro. Tente de novo para recarregá-la.",
  notFound: {
    title: "Não encontrada",
    text: "Este endereço não leva a nenhuma página.",
    back: "Ir para a visão geral",
  },
};
