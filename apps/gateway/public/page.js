// The search page. One native EventSource per question: it comes back by itself when the connection breaks, with the id
// of the last event it has had, and the gateway goes on from there. All text goes in as text, never as markup.

const byId = (id) => document.getElementById(id);
const [form, question, stopButton, status, answer, sources, journal] = [
  'ask',
  'question',
  'stop',
  'status',
  'answer',
  'sources',
  'journal',
].map(byId);

/** What a `restart` event says, in words. */
const RESTART_REASONS = {
  malformed: 'the gateway did not understand where it had broken off',
  unknown: 'the gateway no longer knows the stream',
  other_question: 'the stream was about another question',
  dropped: 'the gateway no longer has what was missed',
  changed: 'the answer has changed meanwhile',
};
/** How long the trace of a stopped request may take to be complete. */
const TRACE_ATTEMPTS = 30;
const TRACE_INTERVAL_MS = 100;

/** The question that is being answered; undefined when none is. */
let current;

form.addEventListener('submit', (event) => {
  event.preventDefault();
  ask(question.value);
});
stopButton.addEventListener('click', stop);
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || current === undefined) return;
  // In the field it would also delete the question.
  event.preventDefault();
  stop();
});
for (const example of document.querySelectorAll('.example')) {
  example.addEventListener('click', () => {
    question.value = example.textContent;
    ask(question.value);
  });
}

const linked = new URLSearchParams(location.search).get('q');
if (linked !== null) {
  question.value = linked;
  ask(linked);
}

function ask(text) {
  finish();
  clear();
  const query = new URLSearchParams({ q: text });
  history.replaceState(null, '', `/?${query}`);
  const url = `/search?${query}`;
  const search = { url, source: new EventSource(url), traceId: undefined, wasLost: false };
  current = search;
  byId('result').hidden = false;
  stopButton.disabled = false;
  answer.setAttribute('aria-busy', 'true');
  tell('asking', 'Asking …');

  const on = (type, listener) =>
    search.source.addEventListener(type, (event) => {
      if (current !== search) return;
      const data = JSON.parse(event.data);
      follow(search, data.traceId, type === 'restart');
      listener(data);
    });
  on('restart', ({ reason }) => {
    clearAnswer();
    const why = RESTART_REASONS[reason] ?? reason;
    note(`Restarted: ${why}`);
    tell('restarted', `Restarted, because ${why}.`);
  });
  on('sources', (data) => showSources(data.sources));
  on('token', (data) => {
    if (status.dataset.state !== 'restarted') tell('streaming', 'Answering …');
    append(data.text);
  });
  on('done', ({ summary, cached, provider, model, failover }) => {
    finish();
    const shared = cached === 'flight' ? ', together with somebody who asked the same' : '';
    const found = cached && !shared ? `, from the cache (${cached})` : shared;
    tell('completed', `Completed${summary ? ` in ${ms(summary.totalDurationMs)}` : ''}${found}.`);
    note(
      `Answered by ${provider} ${model}${failover ? ', because the model that was asked first failed' : ''}`,
    );
    note('Completed');
    if (summary) showStages(summary);
    else note('Its stages were not recorded: it is outside the sample, or tracking is off');
  });
  on('shutdown', () => {
    note('The gateway shut down');
    tell('shutdown', 'The gateway shut down. Waiting for it to come back …');
  });
  search.source.addEventListener('error', (event) => {
    if (current === search) lost(search, event);
  });
}

/** Notes which trace tells of the stream now: a new one after each reconnect. */
function follow(search, traceId, isRestart) {
  if (search.traceId === traceId) return;
  if (search.traceId === undefined) note('Started', traceId);
  else note(isRestart ? 'Came back' : 'Came back, and goes on where it had broken off', traceId);
  if (search.wasLost && !isRestart) tell('streaming', 'Answering …');
  search.traceId = traceId;
  search.wasLost = false;
}

/** An error that has data is an event of the gateway; one without is the connection's. */
function lost(search, { data }) {
  if (data !== undefined) {
    failed(search, data);
  } else if (search.source.readyState === EventSource.CLOSED) {
    finish();
    byId('result').hidden = search.traceId === undefined;
    void explain(search);
  } else if (!search.wasLost) {
    search.wasLost = true;
    if (status.dataset.state === 'shutdown') return;
    note('The connection was lost');
    tell('reconnecting', 'The connection was lost. Reconnecting …');
  }
}

/**
 * The end of a stream whose answer failed in the middle. What Nest itself says where the gateway has a fault is text.
 * Closed here; an EventSource that is not would come back and be told that there is nothing more.
 */
function failed(search, data) {
  finish();
  const { traceId, message, summary } = data.startsWith('{') ? JSON.parse(data) : { message: data };
  if (traceId !== undefined) follow(search, traceId, false);
  note('Failed');
  tell('failed', `Failed: ${message}`);
  if (summary) showStages(summary);
}

/** An EventSource cannot read why it was refused, so the same is asked once more. */
async function explain({ url }) {
  tell('refused', 'The gateway refused the question.');
  const reason = await refusalOf(url);
  if (status.dataset.state === 'refused') tell('refused', reason);
}

async function refusalOf(url) {
  const ended = new AbortController();
  try {
    const response = await fetch(url, { signal: ended.signal });
    if (response.ok) return 'The stream was refused for a moment. Ask again.';
    const { message } = await response.json().catch(() => ({}));
    return `The gateway refused: ${message ?? `HTTP ${response.status}`}`;
  } catch {
    return 'The gateway cannot be reached.';
  } finally {
    ended.abort();
  }
}

/** Leaves in the middle of the answer, and then looks up what the gateway made of that. */
function stop() {
  if (current === undefined) return;
  const { traceId } = current;
  finish();
  note('Stopped by you');
  tell('stopped', 'Stopped by you.');
  if (traceId !== undefined) void showEnding(traceId);
}

async function showEnding(traceId) {
  const summary = await endedTrace(traceId);
  if (summary === undefined || status.dataset.state !== 'stopped') return;
  const ending = stagesOf(summary).find(({ stage }) => stage.kind === 'stream')?.stage.ending;
  tell('stopped', `Stopped by you. The gateway recorded: ${ending ?? summary.outcome}.`);
  showStages(summary);
}

/** A trace as soon as it has ended; undefined when it does not, or is not kept. */
async function endedTrace(traceId) {
  for (let attempt = 0; attempt < TRACE_ATTEMPTS; attempt += 1) {
    const response = await fetch(`/traces/${encodeURIComponent(traceId)}`).catch(() => undefined);
    const summary = response?.ok ? await response.json() : { running: true };
    if (!summary.running) return summary;
    await new Promise((resolve) => setTimeout(resolve, TRACE_INTERVAL_MS));
  }
  return undefined;
}

/** Nothing of the question that was being answered is heard any more. */
function finish() {
  current?.source.close();
  current = undefined;
  stopButton.disabled = true;
  answer.setAttribute('aria-busy', 'false');
}

function clear() {
  clearAnswer();
  journal.replaceChildren();
  byId('stages').hidden = true;
}

function clearAnswer() {
  answer.replaceChildren();
  sources.replaceChildren();
}

function tell(state, text) {
  if (status.dataset.state === state && status.textContent === text) return;
  status.dataset.state = state;
  status.textContent = text;
}

function note(text, traceId) {
  const item = element('li', text);
  if (traceId !== undefined) {
    const link = element('a', traceId, { className: 'id', href: `/traces/${encodeURIComponent(traceId)}` });
    item.append(element('span', ' · trace '), link);
  }
  journal.append(item);
}

/** A word of the answer; the number of a source leads there. */
function append(text) {
  const [, number] = /^\[(\d+)\]\s*$/.exec(text) ?? [];
  const last = answer.lastChild;
  if (number !== undefined) {
    answer.append(element('a', text.trimEnd(), { className: 'cite', href: `#source-${number}` }), ' ');
  } else if (last?.nodeType === Node.TEXT_NODE) {
    last.appendData(text);
  } else {
    answer.append(text);
  }
}

function showSources(found) {
  sources.replaceChildren(
    ...found.map((source, index) => {
      const item = element('li', '', { id: `source-${index + 1}` });
      item.append(titleOf(source), element('small', source.file));
      return item;
    }),
  );
  if (found.length === 0) sources.append(element('li', 'None.', { className: 'none' }));
}

function titleOf(source) {
  if (source.package === undefined) return element('span', source.heading);
  return element('a', source.heading, {
    href: `https://www.npmjs.com/package/${source.package}`,
    rel: 'noreferrer',
    target: '_blank',
  });
}

function showStages(summary) {
  byId('waterfall').replaceChildren(...stagesOf(summary).map((row) => rowOf(row, summary)));
  byId('axis-end').textContent = ms(summary.totalDurationMs);
  byId('stages').hidden = false;
}

/** All stages, each with how deep it stands; substages after the stage that they belong to. */
function stagesOf({ stages }, depth = 0) {
  return stages.flatMap((stage) => [{ stage, depth }, ...stagesOf({ stages: stage.substages }, depth + 1)]);
}

function rowOf({ stage, depth }, { startedAt, totalDurationMs }) {
  const startMs = stage.startedAt - startedAt;
  // What failed is told before its stage has closed.
  const outcome = stage.running && stage.outcome === 'ok' ? 'running' : stage.outcome;
  const bar = element('div', '', { className: 'bar' });
  bar.dataset.outcome = outcome;
  bar.style.setProperty('--start', share(startMs, totalDurationMs));
  bar.style.setProperty('--share', share(stage.durationMs, totalDurationMs));
  const track = element('div', '', { className: 'track' });
  track.append(bar);

  const row = element('tr', '', { tabIndex: 0, title: describe(stage, startMs, outcome) });
  row.dataset.stage = stage.stageId;
  const head = element('th', stage.stageId, { scope: 'row', className: 'id' });
  head.style.setProperty('--depth', String(depth));
  const timeline = element('td');
  timeline.append(track);
  row.append(head, timeline, element('td', ms(stage.durationMs)));
  const detail = [row.title, ...Object.entries(stage.attributes).map(([key, value]) => `${key} ${value}`)];
  for (const type of ['focus', 'mouseenter']) {
    row.addEventListener(type, () => {
      byId('stage-detail').textContent = detail.join(' · ');
    });
  }
  return row;
}

function describe(stage, startMs, outcome) {
  const parts = [
    stage.stageName,
    `starts at ${ms(startMs)}`,
    `lasts ${ms(stage.durationMs)}`,
    `${ms(stage.selfTimeMs)} of it by itself`,
    stage.ending ?? outcome,
  ];
  if (stage.errorType) parts.push(`${stage.errorType}: ${stage.errorMessage}`);
  return parts.join(' · ');
}

function share(part, whole) {
  return `${whole > 0 ? Math.min(100, Math.max(0, (100 * part) / whole)) : 0}%`;
}

function ms(value) {
  return `${value.toFixed(2)} ms`;
}

function element(name, text = '', properties = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  return Object.assign(made, properties);
}
