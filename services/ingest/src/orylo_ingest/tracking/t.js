// Orylo's tracking script: remembers the click that brought a visitor, tells ingest about page views, checkouts and
// leads, and puts the click id on every link to a checkout, so that the purchase can be credited to the click.
//
//   <script async src="https://…/t.js" data-tenant="demo"></script>
//
// data-consent="wait" holds everything back until orylo.consent(true); orylo.consent(false) ends it and forgets the
// visit. Global Privacy Control is always obeyed.
(function (window, document) {
  "use strict";
  var script = document.currentScript;
  var tenant = script && script.getAttribute("data-tenant");
  if (!tenant || window.orylo) return;

  var endpoint = new URL("/api/v1/track/" + encodeURIComponent(tenant), script.src).href;
  var COOKIE = "_orylo";
  var DAYS_90 = 7776000;
  var CARRIED = ["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", "fbclid"];
  var CLICK_ID = /oc_[A-Za-z0-9]{22}/;
  // Where each gateway's checkout lives, and the parameters that its webhooks give back, best first.
  var CHECKOUTS = [
    [/(^|\.)hotmart\.com$/, ["xcod", "sck", "src"]],
    [/(^|\.)kiwify\.(com|com\.br|app)$/, ["s1", "sck", "src"]],
    [/(^|\.)perfectpay\.com\.br$/, ["utm_term", "utm_content", "utm_campaign"]],
    [/^(buy|book|donate)\.stripe\.com$/, ["client_reference_id"]],
  ];

  var allowed = navigator.globalPrivacyControl !== true;
  var consented = script.getAttribute("data-consent") !== "wait";
  // Said, and not only not given yet: what happens meanwhile is not kept for later.
  var refused = false;
  var queue = [];
  var visit = null;

  function readCookie(name) {
    var found = document.cookie.match("(?:^|; )" + name + "=([^;]*)");
    try {
      return found ? decodeURIComponent(found[1]) : undefined;
    } catch (_) {
      // Others write cookies too, and not all of them encode.
      return undefined;
    }
  }

  function writeCookie(value, seconds) {
    var secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie =
      COOKIE + "=" + encodeURIComponent(value) + "; Max-Age=" + seconds + "; Path=/; SameSite=Lax" + secure;
  }

  function newClickId() {
    var letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    var id = "oc_";
    // 248 is the largest multiple of 62 in a byte: above it, letters would not be equally likely.
    while (id.length < 25) {
      var byte = crypto.getRandomValues(new Uint8Array(1))[0];
      if (byte < 248) id += letters[byte % 62];
    }
    return id;
  }

  // The visit lasts until another advertisement brings the visitor again.
  function currentVisit() {
    var query = new URLSearchParams(location.search);
    var seen = {};
    CARRIED.forEach(function (name) {
      if (query.get(name)) seen[name] = query.get(name).slice(0, 500);
    });
    var stored;
    try {
      stored = JSON.parse(readCookie(COOKIE) || "null");
    } catch (_) {
      stored = null;
    }
    var arrived = Object.keys(seen).length > 0;
    var same = stored && CLICK_ID.test(stored.id) && (!arrived || JSON.stringify(stored.from) === JSON.stringify(seen));
    if (!same) stored = { id: newClickId(), at: Date.now(), from: seen };
    writeCookie(JSON.stringify(stored), DAYS_90);
    return stored;
  }

  function send(kind, more) {
    var from = visit.from;
    var body = {
      kind: kind,
      click_id: visit.id,
      clicked_at: visit.at,
      url: location.href.slice(0, 2000),
      referrer: document.referrer.slice(0, 2000) || undefined,
      fbp: readCookie("_fbp"),
      // The pixel's own cookie, or what the pixel would have made of the same click.
      fbc: readCookie("_fbc") || (from.fbclid && "fb.1." + visit.at + "." + from.fbclid),
    };
    CARRIED.forEach(function (name) {
      body[name] = from[name];
    });
    Object.keys(more || {}).forEach(function (name) {
      body[name] = more[name];
    });
    // As plain text the request needs no preflight, which a closing page would not wait for.
    var text = JSON.stringify(body);
    var blob = new Blob([text], { type: "text/plain" });
    if (!(navigator.sendBeacon && navigator.sendBeacon(endpoint, blob))) {
      fetch(endpoint, { method: "POST", body: text, keepalive: true, mode: "no-cors" }).catch(function () {});
    }
  }

  function track(kind, more) {
    if (!allowed || refused) return;
    if (visit) send(kind, more);
    else if (queue.length < 50) queue.push([kind, more]);
  }

  function decorate(link) {
    if (!visit || !link.href) return;
    var url;
    try {
      url = new URL(link.href);
    } catch (_) {
      return;
    }
    for (var i = 0; i < CHECKOUTS.length; i++) {
      if (!CHECKOUTS[i][0].test(url.hostname)) continue;
      var names = CHECKOUTS[i][1];
      if (CLICK_ID.test(url.search)) {
        url.search = url.search.replace(CLICK_ID, visit.id);
      } else {
        // The merchant's own value is never replaced. Where every place is taken, the id joins the first.
        var free = names.filter(function (name) {
          return !url.searchParams.get(name);
        })[0];
        if (free) url.searchParams.set(free, visit.id);
        else if (names[0] !== "client_reference_id")
          url.searchParams.set(names[0], url.searchParams.get(names[0]) + "|" + visit.id);
      }
      if (link.href !== url.href) link.href = url.href;
      return;
    }
  }

  // The merchant's own part of a parameter stays.
  function undecorate(link) {
    if (!visit || String(link.href).indexOf(visit.id) < 0) return;
    var url = new URL(link.href);
    Array.from(url.searchParams).forEach(function (parameter) {
      if (parameter[1].indexOf(visit.id) < 0) return;
      var rest = parameter[1].replace("|" + visit.id, "").replace(visit.id, "");
      if (rest) url.searchParams.set(parameter[0], rest);
      else url.searchParams.delete(parameter[0]);
    });
    link.href = url.href;
  }

  function forEachLink(root, change) {
    if (root.tagName === "A") change(root);
    if (root.querySelectorAll) root.querySelectorAll("a[href]").forEach(change);
  }

  function decorateAll(root) {
    forEachLink(root, decorate);
  }

  function isCheckout(link) {
    return CHECKOUTS.some(function (checkout) {
      return checkout[0].test(link.hostname);
    });
  }

  function start() {
    if (visit || !allowed || !consented) return;
    visit = currentVisit();
    decorateAll(document);
    observer.observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["href"] });
    send("pageview");
    queue.splice(0).forEach(function (call) {
      send(call[0], call[1]);
    });
  }

  function stop() {
    queue = [];
    observer.disconnect();
    writeCookie("", 0);
    forEachLink(document, undecorate);
    visit = null;
  }

  var observer = new MutationObserver(function (changes) {
    changes.forEach(function (change) {
      if (change.type === "attributes") decorate(change.target);
      else change.addedNodes.forEach(decorateAll);
    });
  });
  document.addEventListener(
    "click",
    function (event) {
      var link = visit && event.target.closest && event.target.closest("a[href]");
      if (!link) return;
      decorate(link);
      if (isCheckout(link)) send("checkout");
    },
    true
  );

  window.orylo = {
    // What carries the purchase back to this visit, for a checkout that the page opens by itself.
    clickId: function () {
      return visit && visit.id;
    },
    consent: function (given) {
      consented = given === true;
      refused = !consented;
      if (refused) stop();
      else start();
    },
    checkout: function () {
      track("checkout");
    },
    lead: function (person) {
      track("lead", { email: person && person.email, phone: person && person.phone });
    },
  };
  start();
})(window, document);
