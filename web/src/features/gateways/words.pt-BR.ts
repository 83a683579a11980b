import { plural } from "../../i18n/plural";
import { formatCount } from "../../ui/format/number";
import type { Words } from "./words";

export const words: Words = {
  title: "Gateways",
  lead: "Se cada gateway ainda informa tudo.",
  what: { list: "os gateways", one: "este gateway", secrets: "os segredos", stats: "os números por hora" },
  unknown: { title: "O Orylo não conhece este gateway", text: "Talvez o nome se escreva de outro jeito.", back: "Todos os gateways" },
  state: { on: "Ligado", off: "Desligado", paused: "Pausado", unset: "Não configurado", silent: "Em silêncio" },
  columns: {
    gateway: "Gateway",
    state: "Estado",
    last: "Último webhook",
    today: "Últimas 24 horas",
    refused: "Recusados",
    secret: "Segredo",
  },
  never: "nunca",
  silent: (gap) => `em silêncio, normalmente um a cada ${gap}`,
  gap: (seconds) =>
    seconds < 90
      ? `${formatCount(Math.round(seconds))} ${plural(Math.round(seconds), "segundo", "segundos")}`
      : seconds < 5400
        ? `${formatCount(Math.round(seconds / 60))} minutos`
        : `${formatCount(Math.round(seconds / 3600))} horas`,
  sections: {
    url: "URL",
    settings: "Configuração",
    secrets: "Segredos",
    webhooks: "Últimos webhooks",
    hours: "Webhooks por hora",
    setUp: "Configure",
  },
  health: {
    silent: (since, gap) =>
      `Nada chegou desde ${since}, embora a esta hora um webhook costume chegar a cada ${gap}. Confira o painel do gateway.`,
    refused: (count) => `${formatCount(count)} ${plural(count, "foi recusado", "foram recusados")} nas últimas 24 horas.`,
    seeRefused: "Ver por quê",
    unreachable: "No momento não se sabe como ele está: o serviço que recebe os webhooks não responde.",
  },
  chart: {
    sentence: (count) => `${formatCount(count)} webhooks nas últimas 24 horas.`,
    accepted: "Aceitos",
    repeated: "Repetidos ou ignorados",
    aside: "Separados",
    refused: "Recusados",
  },
  settings: {
    enabled: "Aceitar os webhooks dele",
    mode: "Autenticação",
    modes: { native: "A do próprio gateway", hmac: "HMAC do seu intermediário" },
    accept: "Aceitar",
    accepts: { live: "Modo de produção", test: "Modo de teste" },
    acceptOne: "Escolha ao menos um.",
    timezone: "Fuso dos horários sem fuso",
    timezoneHint: "Vazio: o fuso usual do gateway",
    networks: "Redes permitidas",
    networksHint: "Uma por linha, como 203.0.113.0/24. Vazio: qualquer endereço",
    save: "Salvar",
    saved: "Salvo. Vale em um segundo.",
    conflict: "Alguém mudou a configuração nesse meio-tempo. Esta é a nova; a sua não foi salva.",
  },
  secrets: {
    columns: { added: "Adicionado", used: "Último uso" },
    unused: "nunca usado",
    retire: "Aposentar…",
    retireTitle: (label) => `Aposentar ${label}?`,
    retireEffect: "A partir daí, webhooks assinados com ele são recusados.",
    retireAction: "Aposentar",
    retired: "O segredo foi aposentado.",
    rotate: "Trocar o segredo",
    rotateLead: "Nenhum webhook se perde: os dois segredos valem até você aposentar o antigo.",
    added: "O segredo foi adicionado. Agora os dois valem.",
    steps: {
      add: "Adicione aqui o novo segredo como segundo.",
      change: (secret) => `Troque no gateway: ${secret}`,
      watch: "Espere até um webhook ser autenticado com o novo.",
      watching: "Aguardando o primeiro webhook com ele… Você também pode enviar uma amostra.",
      seen: "O novo está em uso.",
      retire: "Aposente o antigo.",
    },
    start: "Trocar o segredo…",
    cancel: "Agora não",
  },
  pause: {
    pause: "Pausar…",
    resume: "Retomar",
    title: (gateway) => `Pausar ${gateway}?`,
    action: "Pausar",
    effect: "A partir de agora o gateway recebe 503 para cada webhook, com o pedido de reenviar depois. Nesse tempo, vendas novas não são decididas nem informadas.",
    message: "Por quê, para quem trabalha com você",
    paused: "Os webhooks dele estão pausados.",
    resumed: "Os webhooks dele são aceitos de novo.",
    banner: (message) => `Pausado: o gateway recebe 503. “${message}”`,
    byPlatform: "A plataforma o pausou. Só os operadores dela podem retomar.",
  },
};
