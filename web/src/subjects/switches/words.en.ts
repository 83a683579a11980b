export const words = {
  label: "Switches",
  webhooks: {
    all: "Webhooks are stopped: the gateways send them again later.",
    of: (gateway: string) => `Webhooks of ${gateway} are stopped: it sends them again later.`,
  },
  sending: {
    all: "Sending is stopped: conversions wait.",
    of: "Sending to a destination is stopped: its conversions wait.",
  },
  maintenance: "Maintenance: nothing can be changed now.",
  by: { platform: "The platform says", tenant: "Message" },
  quoted: (who: string, message: string) => `${who}: “${message}”.`,
  until: (time: string) => `Until ${time}.`,
};
