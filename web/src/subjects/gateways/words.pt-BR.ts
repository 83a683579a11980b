import { formatCount } from "../../ui/format/number";
import type { Words } from "./words";

export const words: Words = {
  select: { label: "Gateway", none: "Todos os gateways" },
  refusals: {
    not_found: {
      cause: "A URL não aceita webhooks",
      fix: "Copie a URL de novo e confira se o gateway está configurado e ligado.",
    },
    token_missing: {
      cause: "Falta o token do gateway",
      fix: "Quem envia não é o gateway, ou o webhook é de uma versão antiga. Crie o webhook como o guia descreve.",
    },
    token_mismatch: {
      cause: "Token errado",
      fix: "O segredo guardado aqui é de outra conta ou de outro webhook. Copie-o de novo no gateway e adicione-o.",
    },
    signature_missing: {
      cause: "Falta a assinatura",
      fix: "Defina um segredo no webhook, no painel do gateway, e o mesmo aqui. Quem envia sem assinatura não é o gateway.",
    },
    signature_malformed: {
      cause: "A assinatura não é legível",
      fix: "Use a URL exatamente como aparece aqui. Um proxy não pode mudar os cabeçalhos nem o endereço.",
    },
    signature_mismatch: {
      cause: "Assinatura errada",
      fix: "O segredo guardado aqui é de outro webhook, ou do modo de teste em vez de produção. Copie-o de novo no gateway e adicione-o. Um proxy não pode reescrever o corpo.",
    },
    timestamp_too_old: {
      cause: "A assinatura tem mais de 5 minutos",
      fix: "Alguém reenviou um webhook gravado, ou o relógio do servidor do Orylo está errado. Reenvie pelo painel do gateway, que assina de novo.",
    },
    timestamp_too_new: {
      cause: "A assinatura está adiantada",
      fix: "O relógio do servidor do Orylo está atrasado. Peça a quem o opera para acertá-lo.",
    },
    address_not_allowed: {
      cause: "A rede de quem envia não é permitida",
      fix: "Confira as redes permitidas do gateway. Deixe a lista vazia para aceitar qualquer endereço.",
    },
    unreadable: {
      cause: "O corpo não é legível",
      fix: "O gateway envia JSON. Escolha a versão atual do webhook, sem formato próprio.",
    },
    too_large: { cause: "O corpo é grande demais", fix: "Quem envia não é o gateway, ou junta muitos eventos. Envie um evento por webhook." },
    unsupported_encoding: { cause: "A codificação do corpo não é aceita", fix: "Um proxy comprime o corpo. Desligue isso para esta URL." },
    too_slow: { cause: "O corpo não chegou a tempo", fix: "A conexão de quem envia caiu. O gateway envia de novo." },
    too_many_webhooks: {
      cause: "Mais webhooks do que o limite permite",
      fix: "O gateway envia de novo mais tarde. Se esse é o seu volume normal, peça um limite maior.",
    },
    too_many_refused: {
      cause: "Recusas demais de um mesmo endereço",
      fix: "Corrija a causa das recusas anteriores deste endereço. Em alguns minutos ele pode tentar de novo.",
    },
    webhooks_stopped: {
      cause: "Os webhooks estão pausados",
      fix: "Alguém pausou este gateway. Retome, e o gateway envia de novo.",
    },
    secret_unreadable: {
      cause: "O segredo guardado não pode ser decifrado",
      fix: "A chave-mestra do servidor mudou. Fale com quem o opera, ou adicione o segredo de novo.",
    },
    not_durable: { cause: "O webhook não pôde ser guardado", fix: "O banco de dados do Orylo estava indisponível. O gateway envia de novo." },
    method_not_allowed: { cause: "Método errado", fix: "Gateways enviam POST. Alguém abriu a URL no navegador, o que não muda nada." },
  },
  guides: {
    stripe: {
      open: "Abra Desenvolvedores → Webhooks → Adicionar endpoint",
      link: "https://dashboard.stripe.com/webhooks",
      secret: "Segredo de assinatura (whsec_…)",
      whereSecret: "A Stripe o mostra na página do endpoint depois de criá-lo, em “Segredo de assinatura”. Não é uma chave de API.",
      events:
        "Com o Checkout ou links de pagamento, escolha checkout.session.*; senão, charge.*. Acrescente charge.refunded, charge.dispute.* e radar.early_fraud_warning.created.",
      sends: "Pagamentos, reembolsos, disputas e alertas de fraude, assinados. Os modos de teste e de produção têm um segredo cada.",
      test: "Eventos do modo de teste da Stripe também são aceitos e não contam em lugar nenhum. O modo de teste tem um segredo próprio.",
      retries: "A Stripe repete webhooks recusados por até 3 dias.",
    },
    hotmart: {
      open: "Abra Ferramentas → Webhook e crie uma configuração da versão 2.0.0",
      link: "https://app.hotmart.com/tools/webhook",
      secret: "Hottok",
      whereSecret: "A Hotmart o mostra na página Webhook. Um hottok serve para a conta inteira, e só o suporte da Hotmart o troca.",
      events: "Escolha todos os eventos de compra, também reembolsos, pedidos de reembolso e chargebacks.",
      sends: "Compras, boletos e códigos Pix gerados, reembolsos e chargebacks, com o hottok em um cabeçalho.",
      test: "A página da Hotmart também tem um botão de teste. Os testes são aceitos e não contam em lugar nenhum.",
      retries: "A Hotmart repete webhooks recusados e guarda 60 dias deles no painel. Ela pode desligar uma URL que falha várias vezes.",
    },
    kiwify: {
      open: "Abra Apps → Webhooks e crie um webhook",
      link: "https://dashboard.kiwify.com.br",
      secret: "Token",
      whereSecret: "A Kiwify mostra o token no formulário do webhook. Ela assina cada webhook com ele.",
      events: "Escolha todos os eventos, também reembolsos e chargebacks.",
      sends: "Pedidos com cartão, endereço IP e parâmetros UTM, assinados.",
      test: "A página da Kiwify também tem um botão de teste. Os testes são aceitos e não contam em lugar nenhum.",
      retries: "A Kiwify repete webhooks recusados. Depois, confira o registro dela e reenvie o que falhou.",
    },
    perfectpay: {
      open: "Abra Ferramentas → Webhook e adicione um",
      link: "https://app.perfectpay.com.br",
      secret: "Token público",
      whereSecret: "A PerfectPay mostra o token público do webhook na mesma página.",
      events: "Escolha todos os status da venda, sem atraso.",
      sends: "Vendas com endereço IP, navegador e parâmetros UTM, com o token no corpo.",
      test: "Uma compra de teste na PerfectPay também é aceita e não conta em lugar nenhum.",
      retries: "A PerfectPay não diz se repete. Depois, confira o painel dela e reenvie o que falhou.",
    },
  },
  states: {
    accepted: "Aceito",
    already_reported: "Já informado",
    ignored: "Ignorado",
    quarantined: "Em quarentena",
    conflict: "Conflito",
    refused: "Recusado",
  },
  refusalFallback: "Recusado",
  webhooks: {
    what: "os webhooks",
    label: "Últimos webhooks",
    none: "Nenhum webhook chegou ainda.",
    times: (count) => `${formatCount(count)} ×`,
    from: (address) => `de ${address}`,
    payment: "Pagamento",
  },
  sample: {
    send: "Enviar uma amostra",
    sent: "A amostra foi aceita. Ela é marcada como teste e não conta em lugar nenhum.",
    refused: (why) => `A amostra foi recusada: ${why}`,
    see: "Ver",
  },
  url: {
    name: "URL para o gateway",
    unknown: (path) => `Peça o endereço a quem opera o Orylo e acrescente ${path}`,
    local: "Este endereço fica na sua própria máquina ou rede. O gateway não o alcança.",
    localFix: "Para experimentar, envie uma amostra. Para webhooks de verdade, use um túnel (como o cloudflared) e ponha o endereço dele em ORYLO_WEBHOOK_BASE_URL, ou rode “stripe listen --forward-to” com a URL abaixo.",
  },
  secret: {
    label: "Nome",
    labelHint: "por exemplo, o mês",
    save: "Salvar",
    hint: "Ele é guardado cifrado e nunca mais aparece.",
  },
  setUp: {
    open: "Abra o painel",
    paste: "Cole esta URL",
    events: "Escolha os eventos",
    secret: (name) => `Copie para cá: ${name}`,
    done: "O gateway está configurado.",
    sends: "O que ele envia",
  },
};
