export const words = {
  /** By the method of a conversion's match. */
  methods: {
    click_id: "Click ID",
    fbc: "Meta click cookie",
    fbp: "Meta browser cookie",
    email: "Email",
    phone: "Phone",
    ip_user_agent: "IP address and browser",
    none: "No match",
  } as Record<string, string>,
};
