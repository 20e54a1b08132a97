// Draws a table from columns of values and texts (see ledger.py). Texts only ever become text nodes.

const SVG = 'http://www.w3.org/2000/svg';
const NARROW = 100, HIGH = 24, LONG = 28;

function element(name, classes, text) {
  const made = document.createElement(name);
  if (classes) made.className = classes;
  if (text != null) made.textContent = text;
  return made;
}

function grouped(value) {
  const [whole, part] = value.split('.');
  return whole.replace(/\B(?=(\d{3})+$)/g, ',') + (part ? `.${part}` : '');
}

function trend(days, isPartial) {
  const drawn = document.createElementNS(SVG, 'svg');
  const low = Math.min(0, ...days), high = Math.max(0, ...days), step = NARROW / Math.max(days.length - 1, 1);
  const points = days.map((day, at) =>
    `${(at * step).toFixed(1)} ${(HIGH - 2 - (day - low) / (high - low || 1) * (HIGH - 4)).toFixed(1)}`);
  const line = (from, to, name) => {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', `M${points.slice(from, to).join('L')}`);
    if (name) path.setAttribute('class', name);
    drawn.append(path);
  };
  drawn.setAttribute('viewBox', `0 0 ${NARROW} ${HIGH}`);
  drawn.setAttribute('preserveAspectRatio', 'none');
  const whole = isPartial ? points.length - 1 : points.length;
  line(0, whole);
  if (isPartial && whole > 0) line(whole - 1, whole + 1, 'partial');
  return drawn;
}

function parts(shares, name) {
  const drawn = element('span', name);
  for (const share of shares) {
    const part = element('i');
    part.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
    drawn.append(part);
  }
  return drawn;
}

function cell(column, row, isHead) {
  const at = name => column[name]?.[row];
  const made = element(isHead ? 'th' : 'td', column.align === 'right' ? 'right' : '');
  if (isHead) made.scope = 'row';
  const value = column.values[row], text = at('texts') ?? value;
  made.dataset.value = value ?? '';
  if (at('dots')) {
    const dot = element('i', 'dot');
    dot.style.background = at('dots');
    made.append(dot);
  }
  if (at('drawings')) {
    const shares = at('drawings');
    made.append(column.kind === 'trend' ? trend(shares, column.partial) : parts(shares, column.kind));
  }
  const link = at('links');
  const words = element(link ? 'a' : 'span', at('tones') ?? '', text || (link ? '(no name)' : ''));
  if (link) words.href = link;
  if (words.textContent) made.append(words);
  if (at('marks')) {
    const mark = element('sup', '', at('marks')[0]);
    mark.title = at('marks')[1];
    made.append(mark);
  }
  const exact = column.exact && value != null && value !== text ? grouped(value) : '';
  const said = at('titles') ?? (exact || (text?.length > LONG ? text : ''));
  if (said) made.title = said;
  return made;
}

function head(column) {
  const made = element('th', column.align === 'right' ? 'right' : '');
  made.scope = 'col';
  made.dataset.column = column.name;
  if (column.help) made.title = column.help;
  const words = element(column.sort ? 'a' : 'span', '', column.label);
  made.append(words);
  if (!column.sort) return made;
  words.href = column.sort;
  words.dataset.sorts = '';
  if (column.sorted) {
    made.setAttribute('aria-sort', column.sorted);
    made.append(element('span', 'accent', column.sorted === 'ascending' ? ' ▴' : ' ▾'));
  }
  return made;
}

function line(data, row) {
  const made = element('tr');
  const [first, ...rest] = data.columns;
  const to = first.links?.[row], key = data.keys?.[row];
  const lead = cell(first, row, true);
  if (to) made.dataset.to = to;
  if (key != null) {
    made.dataset.opens = key;
    const isOpened = key === data.opened;
    made.classList.toggle('opened', isOpened);
    const button = element('button');
    button.type = 'button';
    button.setAttribute('aria-expanded', isOpened);
    button.setAttribute('aria-label', `${isOpened ? 'Close' : 'Open'} ${first.texts?.[row] ?? first.values[row] ?? ''}`);
    lead.prepend(button);
  }
  made.append(lead, ...rest.map(column => cell(column, row, false)));
  return made;
}

// A click leads on as one step of the browser's history, which Streamlit follows as it follows Back and Forward.
function go(address, isStep) {
  history[isStep ? 'pushState' : 'replaceState']({}, '', address);
  dispatchEvent(new PopStateEvent('popstate'));
}

function clicked(event, open) {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest('a'), row = event.target.closest('tbody tr');
  if (link) {
    event.preventDefault();
    go(link.href, !('sorts' in link.dataset));
  } else if (row && getSelection().isCollapsed) {
    if (row.dataset.opens != null) open(row.dataset.opens);
    else if (row.dataset.to) go(row.dataset.to, true);
  }
}

export default function ({data, parentElement, setTriggerValue}) {
  const place = parentElement.querySelector('.ledger');
  const table = element('table'), top = element('thead'), body = element('tbody'), labels = element('tr');
  labels.append(...data.columns.map(head));
  top.append(labels);
  body.append(...data.columns[0].values.map((_, row) => line(data, row)));
  table.append(top, body);
  place.setAttribute('role', 'region');
  place.setAttribute('aria-label', data.label);
  place.tabIndex = 0;
  place.style.maxHeight = `${data.height}px`;
  for (const [name, colour] of Object.entries(data.inks)) place.style.setProperty(`--${name}`, colour);
  const focused = place.contains(document.activeElement) && document.activeElement.closest('tr')?.rowIndex;
  place.replaceChildren(table);
  if (focused) table.rows[focused]?.querySelector('button, a')?.focus();
  place.onclick = event => clicked(event, key => setTriggerValue('opened', key));
}
