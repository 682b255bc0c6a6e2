// Finds operations. The rules are those of src/find/{index,query,search}.rs, and a test compares what both find.
"use strict";

const METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"];
const KEY = "{}";
const ITEM = ":";
// How an operation matches: at the path, below it, by names, by models.
const PATH = 0, BELOW = 1, NAMES = 2, MODELS = 3;
const MISSING = 3;

/// Words as they are compared: letters and digits in lower case.
function words(text) {
  return text
    .split(/[^\p{Alphabetic}\p{N}_]+/u)
    .map((word) => word.replaceAll("_", "").toLowerCase())
    .filter((word) => word !== "");
}

/// The names in `a='1',b=2)`.
function argumentNames(text) {
  const names = [];
  let name = "", quoted = false;
  for (const c of text) {
    if (c === "'") quoted = !quoted;
    else if (c === "," && !quoted) name = "";
    else if (c === "=" && !quoted && name !== null) {
      names.push(name.trim());
      name = null;
    } else if (name !== null) name += c;
  }
  return names;
}

/// A segment in the form in which segments are compared.
function normal(segment) {
  segment = segment.replace(/^\/+/, "");
  if (segment.startsWith(ITEM)) return ITEM;
  if (segment.startsWith("{")) return KEY;
  const short = segment.toLowerCase().replace(/^microsoft\./, "").replace(/^graph\./, "");
  const open = short.indexOf("(");
  if (open < 0) return short;
  const name = short.slice(0, open);
  const names = argumentNames(short.slice(open + 1)).sort();
  return names.length === 0 ? name : `${name}(${names.join(",")})`;
}

/// The segments of a path or an address, without what is no part of the path: host, version, query.
function segmentsOf(text) {
  const scheme = text.indexOf("://");
  if (scheme >= 0) {
    const host = text.indexOf("/", scheme + 3);
    text = host < 0 ? "" : text.slice(host + 1);
  }
  const path = [...text.split(/[?#]/, 1)[0]];
  const segments = [];
  let segment = "", open = 0, quoted = false;
  const push = () => {
    const found = /^([^(]+)\(([^]*)$/.exec(segment);
    if (found && !found[2].includes("=") && found[2] !== ")") segments.push(normal(found[1]), KEY);
    else if (segment !== "") segments.push(normal(segment));
    segment = "";
  };
  for (let at = 0; at < path.length; at++) {
    const c = path[at];
    if (c === "'" && open > 0) quoted = !quoted;
    else if (c === "(" && !quoted) open++;
    else if (c === ")" && !quoted) open = Math.max(open - 1, 0);
    else if (c === "/" && open === 0) {
      push();
      continue;
    } else if (c === ":" && open === 0 && path[at + 1] === "/") {
      push();
      segments.push(ITEM);
      const end = path.indexOf(":", at + 1);
      at = end < 0 ? path.length : end;
      continue;
    }
    segment += c;
  }
  push();
  if (segments[0] === "v1.0" || segments[0] === "beta") segments.shift();
  return segments;
}

/// The permission of this name, or else those whose names begin with it.
function matching(token, permissions) {
  if (!token.includes(".")) return [];
  const wanted = token.toLowerCase();
  const exact = permissions.filter((name) => name.toLowerCase() === wanted);
  return exact.length > 0 ? exact : permissions.filter((name) => name.toLowerCase().startsWith(wanted));
}

/// The methods of an expression, without their arguments.
function methodsOf(expression) {
  let open = 0, outside = "";
  for (const c of expression) {
    if (c === "(") open++;
    else if (c === ")") open = Math.max(open - 1, 0);
    else if (open === 0) {
      outside += c;
      continue;
    }
    outside += " ";
  }
  return words(outside);
}

/// Takes a question apart.
function parse(text, permissions) {
  const query = { method: null, path: [], words: [], permissions: [] };
  const isPath = (text) => /^(\/|https:\/\/|http:\/\/)/i.test(text);
  text = text.trim();
  const first = /^(\S+)\s+([^]*)$/.exec(text);
  if (first) {
    const method = first[1].toUpperCase();
    if (METHODS.includes(method) && (method === first[1] || isPath(first[2]))) {
      query.method = method;
      text = first[2];
    }
  }
  if (isPath(text) || (!/\s/.test(text) && text.includes("/"))) {
    query.path = segmentsOf(text);
    return query;
  }
  if (text.startsWith("graph.")) {
    query.words = methodsOf(text.slice("graph.".length));
    return query;
  }
  for (const token of text.split(/\s+/)) {
    const known = matching(token, permissions);
    if (known.length === 0) query.words.push(...words(token));
    else query.permissions.push(known);
  }
  return query;
}

/// The names of a step, to search in, each with a slash behind.
function namesOf(segment, method) {
  const names = words(normal(segment));
  method = words(method).join("");
  if (!names.includes(method)) names.push(method);
  return names.map((name) => `${name}/`).join("");
}

/// How well a word matches names that each end with a slash.
function level(text, word) {
  let best = MISSING;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
    const end = at + word.length;
    if (at === 0 || text[at - 1] === "/") {
      if (text[end] === "/" || text.startsWith("s/", end)) return 0;
      best = Math.min(best, 1);
    } else if (word.length > 2) best = Math.min(best, 2);
  }
  return best;
}

/// All operations by all their paths. `data` is what src/page.rs writes.
class Index {
  constructor(data) {
    this.needs = data.needs;
    this.facts = data.facts;
    this.clouds = data.clouds;
    this.permissions = [...new Set(data.permissions.map(nameOf))];
    this.texts = data.permissions;
    this.nodes = data.nodes.map(([name, calls, steps]) => ({
      name,
      calls: calls.map(([http, segment, method, args, body, answer, deprecated]) => ({
        http: METHODS[http], segment, method, args, body, answer, deprecated: deprecated === 1,
        normal: normal(segment),
        names: namesOf(segment, method),
        models: [body, answer].filter((of) => of).flatMap(words).join("/"),
      })),
      steps: steps.map(([segment, method, args, to]) => ({
        segment, method, args, to, normal: normal(segment), names: namesOf(segment, method),
      })),
    }));
    this.places = [];
    this.operations = [];
    // By node: the first of its places that has something below it.
    this.first = new Map();
    this.#enter(data, null, null, 0);
    // By facts: the names of all permissions that suffice, and of the least privileged ones.
    this.accepted = this.facts.map(([needs]) => {
      const all = new Set(), least = new Set();
      for (const [leastOf, othersOf] of needs < 0 ? [] : this.needs[needs]) {
        for (const number of leastOf) {
          all.add(nameOf(this.texts[number]));
          least.add(nameOf(this.texts[number]));
        }
        for (const number of othersOf) all.add(nameOf(this.texts[number]));
      }
      return { all, least };
    });
  }

  #enter(data, above, step, node) {
    const of = this.nodes[node];
    const place = {
      number: this.places.length,
      above, step, node, below: [],
      depth: above ? above.depth + 1 : 0,
      first: this.operations.length,
    };
    this.places.push(place);
    for (const call of of.calls) {
      const number = this.operations.length;
      this.operations.push({ number, place, call, facts: data.of[number] });
    }
    if (data.entered[place.number] === "1") {
      if (!this.first.has(node)) this.first.set(node, place);
      for (const next of of.steps) place.below.push(this.#enter(data, place, next, next.to));
    }
    return place;
  }

  /// The place to look below: where the list ends, it is another one of the same node.
  entered(place) {
    return place.below.length > 0 ? place : this.first.get(place.node) ?? place;
  }

  /// The steps from the root to a place.
  way(place) {
    const way = [];
    for (let next = place; next.above; next = next.above) way.unshift(next.step);
    return way;
  }

  /// Path and expression of a call at the end of a way.
  route(way, call) {
    let path = "", rust = "graph";
    const inPath = new Map(), inRust = new Map();
    const take = (names, name) => {
      const count = names.get(name) ?? 0;
      names.set(name, count + 1);
      return count === 0 ? name : `${name}${count}`;
    };
    for (const { segment, method, args } of [...way, call]) {
      path += segment.replace(/\{([^}]*)\}/g, (_, name) => `{${take(inPath, name)}}`);
      rust += `.${method}(${args.map((of) => (of.includes(" ") ? of : take(inRust, of))).join(", ")})`;
    }
    return { path, rust };
  }

  /// What a question finds, best first: groups of hits, each the same method of the same node.
  search(text) {
    const query = parse(text, this.permissions);
    let hits, instead = null;
    if (query.path.length === 0) hits = this.#byWords(query);
    else {
      hits = this.#byPath(query.path, query.method);
      if (hits.length === 0) {
        hits = this.#byPath(query.path, null);
        instead = "otherMethods";
      }
      if (hits.length === 0) {
        const names = query.path.filter((name) => name !== KEY && name !== ITEM);
        hits = this.#byWords({ method: query.method, words: names.flatMap(words), permissions: [] });
        instead = "words";
      }
    }
    const groups = new Map();
    for (const hit of hits) {
      const group = groups.get(hit.operation.call);
      if (group) group.others.push(hit);
      else groups.set(hit.operation.call, { best: hit, others: [] });
    }
    return { groups: [...groups.values()], operations: hits.length, instead, query };
  }

  #byWords(query) {
    if (query.words.length === 0 && query.permissions.length === 0) return [];
    const hits = [];
    // How well each word matches each place: as the place above, or as the step that leads here. Both are found once a step.
    const levels = query.words.map((word) => {
      const ofStep = new Map();
      const ofCall = new Map();
      const ofPlace = new Uint8Array(this.places.length);
      for (const { steps, calls } of this.nodes) {
        for (const step of steps) ofStep.set(step, level(step.names, word));
        for (const call of calls) ofCall.set(call, level(call.names, word));
      }
      ofPlace[0] = MISSING;
      for (let at = 1; at < ofPlace.length; at++) {
        const { above, step } = this.places[at];
        ofPlace[at] = Math.min(ofPlace[above.number], ofStep.get(step));
      }
      return { word, ofPlace, ofCall };
    });
    for (const operation of this.operations) {
      const { call, facts, place } = operation;
      if (query.method !== null && query.method !== call.http) continue;
      const { all, least } = this.accepted[facts];
      let more = 0, fits = true;
      for (const names of query.permissions) {
        fits &&= names.some((name) => all.has(name));
        if (!names.some((name) => least.has(name))) more = 1;
      }
      if (!fits) continue;
      let quality = 0, kind = NAMES;
      for (let at = 0; at < levels.length && fits; at++) {
        const { word, ofPlace, ofCall } = levels[at];
        const best = Math.min(ofPlace[place.number], ofCall.get(call));
        if (best < MISSING) quality += best;
        else if (call.models.includes(word)) kind = MODELS;
        else fits = false;
      }
      if (!fits) continue;
      const depth = place.depth + (call.segment === "" ? 0 : 1);
      hits.push({ kind, more, depth, quality, operation });
    }
    hits.sort((a, b) => a.kind - b.kind || a.more - b.more || a.depth - b.depth || a.quality - b.quality
      || a.operation.number - b.operation.number);
    return hits;
  }

  #byPath(path, method) {
    const hits = [];
    const push = (kind, operation, way = null) => {
      if (method === null || method === operation.call.http) hits.push({ kind, operation, way });
    };
    const below = [];
    const add = (operation) => {
      const depth = operation.place.depth + (operation.call.segment === "" ? 0 : 1);
      below.push({ depth, operation });
    };
    const descend = (place, isAsked) => {
      this.nodes[place.node].calls.forEach((call, number) => {
        if (!isAsked || call.segment !== "") add(this.operations[place.first + number]);
      });
      for (const next of place.below) descend(next, false);
    };
    const way = [];
    const exact = this.#walk(this.places[0], path, way);
    if (exact) {
      this.nodes[exact.place.node].calls.forEach((call, number) => {
        if (call.normal === exact.segment) push(PATH, this.operations[exact.place.first + number], [...way]);
      });
      if (exact.segment === "") descend(exact.place, true);
    }
    // The last segment may be unfinished: `/me/mess`.
    const last = path[path.length - 1];
    if (last !== KEY) {
      const end = this.#walk(this.places[0], path.slice(0, -1), []);
      if (end) {
        const place = this.entered(end.place);
        const goesOn = (segment) => segment.length > last.length && segment.startsWith(last);
        this.nodes[place.node].steps.forEach((step, number) => {
          if (goesOn(step.normal)) descend(place.below[number], false);
        });
        this.nodes[place.node].calls.forEach((call, number) => {
          if (goesOn(call.normal)) add(this.operations[place.first + number]);
        });
      }
    }
    below.sort((a, b) => a.depth - b.depth || a.operation.number - b.operation.number);
    new Set(below.map(({ operation }) => operation)).forEach((operation) => push(BELOW, operation));
    return hits;
  }

  /// The place at the end of a path, and the segment that the calls there have. Names come before keys.
  #walk(place, path, way) {
    if (path.length === 0) return { place, segment: "" };
    const [segment, ...rest] = path;
    const entered = this.entered(place);
    const { steps, calls } = this.nodes[entered.node];
    const step = (text) => {
      const number = steps.findIndex((step) => step.normal === text);
      if (number < 0) return null;
      way.push(steps[number]);
      const found = this.#walk(entered.below[number], rest, way);
      if (!found) way.pop();
      return found;
    };
    const found = step(segment);
    if (found) return found;
    if (rest.length === 0 && calls.some((call) => call.normal === segment)) return { place, segment };
    // `applications(appId='…')`: the collection, and a key of it below.
    const open = segment.indexOf("(");
    if (open > 0) return this.#walk(place, [segment.slice(0, open), segment.slice(open), ...rest], way);
    if (segment.startsWith(ITEM) || open === 0) return null;
    return step(KEY);
  }

  /// What there is to say of a hit.
  details({ operation, way }) {
    const { place, call, facts } = operation;
    const own = this.way(place);
    // What holds for one path need not hold for another.
    const isListed = !way || (way.length === own.length && way.every((step, at) => step === own[at]));
    const [needs, missing] = isListed ? this.facts[facts] : [-1, -1];
    const names = (numbers) => numbers.map((number) => this.texts[number]);
    return {
      ...this.route(way ?? own, call),
      call,
      node: this.nodes[place.node].name,
      needs: needs < 0 ? null : this.needs[needs].map(([least, others]) => ({ least: names(least), others: names(others) })),
      missing: missing < 0 ? [] : this.clouds.filter((_, bit) => missing & (1 << bit)),
    };
  }
}

/// The permission's own name, without those that are needed with it: `A+B|C`.
function nameOf(text) {
  return text.split("+", 1)[0];
}
