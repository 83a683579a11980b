// Orylo's tracking script. It remembers the click that brought a visitor, reports page views, checkouts and leads to
// ingest, and adds the click id to every link to a checkout. The purchase can then be attributed to the click.
//
//   <script async src="https://…/t.js" data-tenant="demo"></script>
//
// With data-consent="wait" the script does nothing until orylo.consent(true). orylo.consent(false) stops it and deletes
// the visit. Global Privacy Control is always respected.
//
// The script never throws on the page. If cookies are blocked, it keeps the visit in memory.
(function (window, document) {
  "use strict";
  var script = document.currentScript;
  // Modules, and optimisers that load scripts late, leave no current script.
  if (!script || !script.hasAttribute("data-tenant")) script = document.querySelector("script[data-tenant][src]");
  var tenant = script && script.src && script.getAttribute("data-tenant");
  // An element with the id "orylo" is a property of the window too.
  if (!tenant || (window.orylo && window.orylo.clickId)) return;

  var endpoint = new URL("/api/v1/track/" + encodeURIComponent(tenant), script.src).href;
  var COOKIE = "_orylo";
  var DAYS_90 = 7776000;
  var CARRIED = ["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", "fbclid"];
  var CLICK_ID = /oc_[A-Za-z0-9]{22}/;
  var STORED_ID = /^oc_[A-Za-z0-9]{22}$/;
  var LINKS = "a[*|href], area[href]";
  var EDITABLE = LINKS + ", form";
  // Marks the hidden fields that this script adds to forms.
  var OURS = "data-orylo";
  // The hosts of each gateway's checkout, and the parameters that its webhooks return, best first.
  var CHECKOUTS = [
    [/(^|\.)hotmart\.com$/, ["xcod", "sck", "src"]],
    [/(^|\.)kiwify\.(com|com\.br|app)$/, ["s1", "sck", "src"]],
    [/(^|\.)perfectpay\.com\.br$/, ["utm_term", "utm_content", "utm_campaign"]],
    [/^(buy|book|donate)\.stripe\.com$/, ["client_reference_id"]],
  ];

  var allowed = navigator.globalPrivacyControl !== true;
  var consented = script.getAttribute("data-consent") !== "wait";
  // Consent was given on this page. It stays undefined where the page does not ask.
  var granted;
  // Consent was refused, not only not given yet. Calls made in this state are dropped instead of queued.
  var refused = false;
  var queue = [];
  var visit = null;
  // The visit's cookie was accepted.
  var isStored = false;
  // The document, and the open shadow roots in which a click happened.
  var roots = [document];
  // The page that was last reported.
  var page;

  // Wrap a function to return undefined instead of throwing.
  function safe(action) {
    return function () {
      try {
        return action.apply(this, arguments);
      } catch (_) {
        return undefined;
      }
    };
  }

  // Throws in a sandboxed frame, and for values that other scripts did not encode.
  var readCookie = safe(function (name) {
    var found = document.cookie.match("(?:^|; )" + name + "=([^;]*)");
    return found ? decodeURIComponent(found[1]) : undefined;
  });

  var writeCookie = safe(function (value, seconds) {
    var secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie =
      COOKIE + "=" + encodeURIComponent(value) + "; Max-Age=" + seconds + "; Path=/; SameSite=Lax" + secure;
  });

  var readVisit = safe(function () {
    var stored = JSON.parse(readCookie(COOKIE));
    return STORED_ID.test(stored.id) && Number.isInteger(stored.at) && stored.at > 0 && stored.from ? stored : undefined;
  });

  var secureByte = safe(function () {
    return crypto.getRandomValues(new Uint8Array(1))[0];
  });

  function newClickId() {
    var letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    var id = "oc_";
    // 248 is the largest multiple of 62 in a byte. Larger bytes are skipped to keep all letters equally likely.
    while (id.length < 25) {
      var byte = secureByte();
      if (byte === undefined) byte = Math.floor(Math.random() * 256);
      if (byte < 248) id += letters[byte % 62];
    }
    return id;
  }

  // Browsers refuse cookies of more than 4096 bytes, so long UTM values are cut. An fbclid must stay as it is.
  function carriedParameters() {
    var query = new URLSearchParams(location.search);
    var seen;
    for (var longest = 500; longest > 10; longest /= 2) {
      seen = {};
      CARRIED.forEach(function (name) {
        if (query.get(name)) seen[name] = query.get(name).slice(0, name === "fbclid" ? 500 : longest);
      });
      if (encodeURIComponent(JSON.stringify(seen)).length < 3800) break;
    }
    return seen;
  }

  // The visit lasts until another advertisement brings the visitor again.
  function currentVisit() {
    var seen = carriedParameters();
    var stored = readVisit();
    var arrived = Object.keys(seen).length > 0;
    var same = stored && (!arrived || JSON.stringify(stored.from) === JSON.stringify(seen));
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
      consent: granted,
      url: location.href.slice(0, 2000),
      referrer: document.referrer.slice(0, 2000) || undefined,
      fbp: readCookie("_fbp"),
      // The pixel's own cookie, or the value that the pixel would have set for the same click.
      fbc: readCookie("_fbc") || (from.fbclid && "fb.1." + visit.at + "." + from.fbclid),
    };
    CARRIED.forEach(function (name) {
      body[name] = from[name];
    });
    Object.keys(more || {}).forEach(function (name) {
      body[name] = more[name];
    });
    post(JSON.stringify(body));
  }

  // Try the ways in turn. A closing page would not wait for a preflight; plain text needs none.
  function post(text) {
    var sent =
      safe(function () {
        return navigator.sendBeacon(endpoint, new Blob([text], { type: "text/plain" }));
      })() ||
      safe(function () {
        fetch(endpoint, { method: "POST", body: text, keepalive: true, mode: "no-cors" }).catch(function () {});
        return true;
      })();
    if (sent) return;
    var request = new XMLHttpRequest();
    request.open("POST", endpoint);
    request.setRequestHeader("Content-Type", "text/plain");
    request.send(text);
  }

  function track(kind, more) {
    if (!allowed || refused) return;
    if (visit) send(kind, more);
    else if (queue.length < 50) queue.push([kind, more]);
  }

  // Return the parameters of the checkout at this address, or undefined.
  function checkoutParameters(url) {
    var checkout = CHECKOUTS.filter(function (known) {
      return /^https?:$/.test(url.protocol) && known[0].test(url.hostname);
    })[0];
    return checkout && checkout[1];
  }

  // Never replace the merchant's own value. If all parameters are in use, append the id to the first one.
  function addClickId(names, values) {
    function first(matches) {
      return names.filter(function (name) {
        return matches(values.get(name) || "");
      })[0];
    }
    var known = first(function (value) {
      return CLICK_ID.test(value);
    });
    var free = first(function (value) {
      return !value;
    });
    if (known) values.set(known, values.get(known).replace(CLICK_ID, visit.id));
    else if (free) values.set(free, visit.id);
    else if (names[0] !== "client_reference_id") values.set(names[0], values.get(names[0]) + "|" + visit.id);
  }

  // Keep the merchant's own part of a parameter.
  function removeClickId(names, values) {
    names.forEach(function (name) {
      var value = values.get(name) || "";
      values.set(name, value.replace("|" + visit.id, "").replace(visit.id, ""));
    });
  }

  // An HTML link or area, or an SVG link. Return whether it leads to a checkout.
  function editLink(link, edit) {
    var address = link.getAttributeNode("href") || link.getAttributeNode("xlink:href");
    var url = new URL(address.value, link.baseURI);
    var names = checkoutParameters(url);
    if (!names) return false;
    var query = url.searchParams;
    edit(names, {
      get: function (name) {
        return query.get(name);
      },
      set: function (name, value) {
        if (value === (query.get(name) || "")) return;
        if (value) query.set(name, value);
        else query.delete(name);
        address.value = url.href;
      },
    });
    return true;
  }

  // A GET form replaces the query of its address with its fields, so the id needs a hidden field.
  // A button may override the address and the method. Return whether the form leads to a checkout.
  function editForm(form, edit, button) {
    function setting(name, otherwise) {
      return (button && button.getAttribute("form" + name)) || form.getAttribute(name) || otherwise;
    }
    function field(name) {
      return Array.prototype.filter.call(form.elements, function (element) {
        return element.name === name && !element.disabled;
      })[0];
    }
    var names = checkoutParameters(new URL(setting("action", ""), form.baseURI));
    var fillable = setting("method", "get").toLowerCase() === "get" && names ? names : [];
    var ours = form.querySelector("input[" + OURS + "]");
    if (ours && fillable.indexOf(ours.name) < 0) ours.remove();
    if (!fillable.length) return !!names;
    edit(names, {
      get: function (name) {
        return (field(name) || {}).value;
      },
      set: function (name, value) {
        var input = field(name);
        if (value === (input ? input.value : "")) return;
        if (!input) {
          input = document.createElement("input");
          input.type = "hidden";
          input.name = name;
          input.setAttribute(OURS, "");
          form.appendChild(input);
        }
        input.value = value;
        if (!value && input.hasAttribute(OURS)) input.remove();
      },
    });
    return true;
  }

  var edit = safe(function (element, change, button) {
    return (/^form$/i.test(element.tagName) ? editForm : editLink)(element, change, button);
  });

  function editAll(root, change) {
    if (root.matches && root.matches(EDITABLE)) edit(root, change);
    if (root.querySelectorAll)
      root.querySelectorAll(EDITABLE).forEach(function (element) {
        edit(element, change);
      });
  }

  function watch(root) {
    editAll(root, addClickId);
    observer.observe(root, {
      subtree: true,
      childList: true,
      attributes: true,
      attributeFilter: ["href", "action", "method"],
    });
  }

  function viewPage() {
    page = currentPage();
    send("pageview");
  }

  // The path, and the route of an application that keeps it after the #. A query or an anchor is not another page.
  function currentPage() {
    return location.pathname + (/^#!?\//.test(location.hash) ? location.hash.split("?")[0] : "");
  }

  var navigated = safe(function () {
    if (visit && currentPage() !== page) viewPage();
  });

  // A page that the browser renders in advance may never be seen.
  function start() {
    if (visit || !allowed || !consented || document.prerendering) return;
    visit = currentVisit();
    isStored = !!readVisit();
    viewPage();
    queue.splice(0).forEach(function (call) {
      send(call[0], call[1]);
    });
    roots.forEach(watch);
  }

  function stop() {
    queue = [];
    writeCookie("", 0);
    observer.disconnect();
    if (visit)
      roots.forEach(function (root) {
        editAll(root, removeClickId);
      });
    visit = null;
  }

  var observer = new MutationObserver(
    safe(function (changes) {
      changes.forEach(function (change) {
        if (change.type === "attributes") edit(change.target, addClickId);
        else
          change.addedNodes.forEach(function (node) {
            editAll(node, addClickId);
          });
      });
    })
  );

  // Shadow roots are observed from the first click in them.
  var clicked = safe(function (event) {
    if (!visit) return;
    var path = event.composedPath();
    path.forEach(function (node) {
      if (node.nodeType !== Node.DOCUMENT_FRAGMENT_NODE || roots.indexOf(node) >= 0) return;
      roots.push(node);
      watch(node);
      node.addEventListener("submit", submitted, true);
    });
    var link = path.filter(function (node) {
      return node.matches && node.matches(LINKS);
    })[0];
    var opens = event.type === "click" || event.button === 1;
    if (link && edit(link, addClickId) && opens) send("checkout");
  });

  var submitted = safe(function (event) {
    if (visit && edit(event.target, addClickId, event.submitter)) send("checkout");
  });

  document.addEventListener("click", clicked, true);
  // The middle button, and the context menu of the right one.
  document.addEventListener("auxclick", clicked, true);
  document.addEventListener("submit", submitted, true);

  ["pushState", "replaceState"].forEach(
    safe(function (name) {
      var original = history[name];
      history[name] = function () {
        var result = original.apply(this, arguments);
        navigated();
        return result;
      };
    })
  );
  // Also calls of a pushState that the page kept from before this script, in browsers that report them.
  safe(function () {
    navigation.addEventListener("currententrychange", navigated);
  })();
  window.addEventListener("popstate", navigated);
  window.addEventListener("hashchange", navigated);
  // The browser shows a page from its back/forward cache. Consent may have been withdrawn on another page since.
  window.addEventListener(
    "pageshow",
    safe(function (event) {
      if (!visit || !event.persisted) return;
      refused = isStored && !readVisit();
      if (refused) stop();
      else viewPage();
    })
  );

  window.orylo = {
    // The id that links a purchase to this visit, for checkouts that the page opens from its own code.
    clickId: function () {
      return visit && visit.id;
    },
    consent: safe(function (given) {
      consented = given === true;
      refused = !consented;
      granted = consented || undefined;
      if (refused) stop();
      else start();
    }),
    checkout: safe(function () {
      track("checkout");
    }),
    lead: safe(function (person) {
      track("lead", { email: person && person.email, phone: person && person.phone });
    }),
  };
  document.addEventListener("prerenderingchange", safe(start));
  safe(start)();
})(window, document);
