import { plural } from "../../i18n/plural";
import type { Words } from "./words";

const wait = (seconds: number): string => {
  if (seconds < 90) return `${seconds} ${plural(seconds, "segundo", "segundos")}`;
  const minutes = Math.ceil(seconds / 60);
  return `${minutes} ${plural(minutes, "minuto", "minutos")}`;
};

export const words: Words = {
  problems: {
    // Sign-in and access.
    unauthenticated: "Você não está conectado. Entre de novo.",
    session_ended: "Sua sessão terminou. Entre de novo.",
    unknown_api_key: "A chave de API é desconhecida ou foi revogada.",
    wrong_credentials: "O email ou a senha está incorreto.",
    tenant_needed: "Este email pertence a várias lojas. Escolha uma.",
    totp_needed: "Digite o código do seu aplicativo autenticador.",
    wrong_totp: "O código está incorreto ou já foi usado.",
    csrf: "Esta página não está mais conectada. Recarregue-a e tente de novo.",
    forbidden: "Sua função não permite isto. Peça a um proprietário ou administrador da loja.",
    too_many_attempts: ({ retryAfter }) => `Tentativas demais. Tente de novo em ${wait(retryAfter ?? 60)}.`,

    // Requests.
    unreadable: "O pedido não pôde ser lido.",
    unreadable_body: "O conteúdo enviado não pôde ser lido.",
    unreadable_request: "O pedido não pôde ser lido.",
    unsupported_encoding: "O conteúdo foi enviado em uma codificação que não é aceita.",
    validation: "Alguns valores são inválidos. Confira os campos.",
    not_found: "Isto não existe, ou não pertence a esta loja.",
    method_not_allowed: "Isto não pode ser feito neste endereço.",
    not_acceptable: "O servidor não tem esta resposta no formato pedido.",
    wrong_media_type: "O arquivo ou conteúdo é de um tipo que não é aceito.",
    body_too_large: "O conteúdo enviado é grande demais.",
    body_too_slow: "O conteúdo não chegou a tempo. Envie de novo.",
    precondition_failed: "Alguém alterou isto enquanto você editava. Aqui está o novo estado: confira e tente de novo.",
    precondition_required: "Recarregue a página antes de alterar isto.",
    idempotency_key_reused: "Este pedido já foi feito com outros valores. Recarregue a página e tente de novo.",

    // States that do not allow something.
    conflict: "O estado atual não permite isto. Recarregue a página para ver como está agora.",
    version_conflict: "Há uma versão mais nova destas configurações. Recarregue-as e faça sua alteração de novo.",
    count_changed: "A quantidade mudou desde que foi mostrada. Confira a nova quantidade e confirme de novo.",
    already_running: "Isto já está em andamento ou na fila.",
    already_settled: "Isto já foi resolvido por outra pessoa ou por um processo.",
    already_ended: "Este processo já terminou.",
    unknown_kind: "Uma versão mais nova do Orylo iniciou este processo e precisa cancelá-lo.",
    not_replayable: "O evento chegou antes com outro conteúdo, que foi mantido.",
    not_done: "O teste ainda não tem resultado.",
    not_on: "Esta chave já está desligada.",
    not_tripped: "O disjuntor não está acionado.",
    not_merged: "O cliente não está unido a nenhum outro.",
    destination_exists: "Este destino já existe.",

    // Review.
    case_held: ({ holder }) => (holder === undefined ? "Outra pessoa está com este caso." : `${holder} está com este caso.`),
    case_closed: "O caso está encerrado: já foi decidido, ou a decisão mudou.",
    already_undone: "A decisão já foi desfeita.",
    file_expired: "O arquivo expirou. Exporte de novo.",
    not_blocked: "A conversão não está retida por causa de um bloqueio.",
    not_yours: "Só quem fez isto pode desfazer.",
    too_late: "O prazo para desfazer passou. Dê outro veredito ao pagamento.",
    later_verdict: "O pagamento tem um veredito mais recente.",

    // Names and limits.
    name_taken: "Já existe uma visão com este nome nesta página.",
    sample_sale: "Uma venda de exemplo não recebe veredito. Experimente em uma venda sua.",
    delivered_view: "Esta visão vem com o Orylo. Salve uma sua.",
    label_taken: "O gateway já tem um segredo com este nome.",
    already_listed: "Este valor já está na lista.",
    too_many_views: "O limite de visões foi atingido. Exclua uma.",
    too_old: "A venda tem mais de 7 dias, o que o destino não aceita.",
    too_many_payments: "Esta pessoa tem pagamentos demais para serem apagados de uma vez. Fale com o suporte.",
    too_many_notes: "O limite de notas foi atingido. Exclua uma das suas.",
    too_many_secrets: "Este gateway já tem o máximo de segredos. Desative um antes.",
    too_many_entries: "A lista está cheia. Remova entradas de que não precisa mais.",
    too_many_checks: "Outras verificações estão em andamento. Espere um momento.",
    too_many_jobs: "Há processos demais em andamento. Espere um terminar, ou cancele um.",
    too_many_streams: "Há conexões ao vivo demais com este usuário. Feche uma das janelas.",
    too_many_vitals: "Medições demais deste navegador. Elas continuam daqui a pouco.",

    // Gateways.
    no_secret: "O gateway não tem segredo para assinar uma amostra.",
    gateway_not_configured: "Este gateway ainda não está configurado.",
    secret_in_use: "Este segredo ainda está em uso. Espere o gateway usar o novo.",

    // Operators and the tenants of the platform.
    tenant_suspended: "Esta loja está suspensa. Fale com o operador da plataforma.",
    tenant_deleting: "Esta loja será excluída. Fale com o operador da plataforma.",
    impersonation_read_only: "Nada pode ser alterado enquanto você está em uma loja. Saia dela primeiro.",
    already_entered: "Sua sessão já está em uma loja. Saia dela primeiro.",
    session_needed: "Uma chave de API não pode entrar em uma loja. Entre como usuário.",
    own_tenant: "Esta é a sua própria loja.",
    own_user: "Este é o seu próprio usuário: você perderia o acesso.",
    last_owner: "A loja precisa de um proprietário, e este é o único.",
    cannot_add_user: "O usuário não pode ser criado: o email já é de um usuário da loja, ou é inválido.",
    slug_taken: "Já existe uma loja com este nome na URL.",
    wrong_state: "O estado atual da loja não permite isto. Recarregue a página.",

    // The platform.
    maintenance: ({ detail }) => `Manutenção: nada pode ser alterado agora. ${detail}`,
    unavailable: "Um serviço necessário não está respondendo. Tente de novo daqui a pouco.",
    ingest_not_configured: "O serviço que recebe webhooks não está ligado à API. O operador da plataforma precisa configurá-lo.",
    dispatch_not_configured: "O serviço que envia conversões não está ligado à API. O operador da plataforma precisa configurá-lo.",
    detector_not_configured: "O serviço que decide não está ligado à API. O operador da plataforma precisa configurá-lo.",
    trust_not_configured: "O serviço de confiança não está ligado à API. O operador da plataforma precisa configurá-lo.",
    internal: "O Orylo teve um erro, que foi registrado. Tente de novo mais tarde.",
    internal_error: "O Orylo teve um erro, que foi registrado. Tente de novo mais tarde.",
  },
  unreachable: "O Orylo não está respondendo. Confira sua conexão e tente de novo.",
  request: (id) => `(Pedido ${id})`,
  wait,
};
