// Documents and their nodes; nodes by their ids; one node, with what belongs to it.

import {get, has_key, key_of, key_params, post, same_key} from '../api.js';
import {count, failed, h, notice, plural, replace, s} from '../dom.js';
import {json_view, tags} from '../json_view.js';
import {key_list, later, offset_pager, split} from '../lists.js';

const PAGE = 50;

// Which document store, where there are several.
export function store_choice(page, view) {
  const stores = page.all.document_stores.map((store) => store.key);
  if (stores.length < 2) return null;
  const select = h('select', {'aria-label': 'Document store',
    onchange: (event) => page.go(view, {store: event.target.value})},
  stores.map((name) => h('option', {value: name, selected: name === store_of(page)}, name)));
  return h('div', {class: 'bar'}, select);
}

export const store_of = (page) => page.params.store ?? page.all.document_stores.find((store) => store.key === 'docstore')?.key
  ?? page.all.document_stores[0]?.key ?? 'docstore';

const node_row = (href, node, current) => h('a', {class: 'row', href, 'aria-current': current},
  h('div', {class: 'head'}, h('span', {class: 'id'}, node.key),
    h('span', {class: 'faint small'}, node.missing ? 'not stored' : node.type ?? '')),
  h('div', {class: 'text'}, node.error ?? node.text ?? ''), node.metadata ? tags(node.metadata) : null);

// ---- a node ----

function vector_strip(elements) {
  const numbers = elements.map(Number);
  const most = Math.max(1e-12, ...numbers.map(Math.abs));
  const svg = s('svg', {class: 'strip', viewBox: `0 -1 ${numbers.length} 2`, preserveAspectRatio: 'none', 'aria-hidden': 'true'});
  numbers.forEach((number, i) => {
    const height = Math.abs(number) / most;
    svg.append(s('rect', {x: i, width: .8, y: number > 0 ? -height : 0, height}));
  });
  return svg;
}

const vector_block = (page, key, vector) => [
  h('h3', {}, `Vector in ${vector.store}: ${plural(vector.dimension, 'number', 'numbers')}, length ${Math.sqrt(Number(vector.squares)).toPrecision(4)}`),
  vector_strip(vector.elements),
  h('p', {}, h('a', {class: 'button', href: page.link('search', {mode: 'vector', vector_store: vector.store, like: key})}, 'More like this')),
];

function metadata_block(page, store, node) {
  const key = key_of(node);
  const place = h('div', {});
  const read = (text) => replace(place, json_view(text), page.all.writable && node.metadata_bytes === undefined
    ? h('p', {}, h('button', {type: 'button', onclick: () => edit(text)}, 'Edit')) : null);
  function edit(text) {
    const area = h('textarea', {rows: 12, spellcheck: 'false', 'aria-label': 'Metadata as JSON'});
    area.value = json_view(text).textContent;
    const said = h('div', {});
    async function save() {
      try {
        const done = await post('edit_metadata', {store, ...key, metadata: area.value, was: text});
        notice('Metadata saved');
        read(done.metadata);
      } catch (error) {
        replace(said, failed(error));
      }
    }
    replace(place, area, said, h('p', {class: 'bar'}, h('button', {type: 'button', class: 'main', onclick: save}, 'Save'),
      h('button', {type: 'button', onclick: () => read(text)}, 'Leave it')));
    area.focus();
  }
  read(node.metadata);
  return place;
}

async function node_detail(page, store, key) {
  const node = await get('node', {store, ...key});
  return [
    h('h1', {class: 'mono'}, node.key),
    h('p', {class: 'soft small'}, node.type, node.hash ? ['  ·  hash ', h('span', {class: 'mono wrap'}, node.hash)] : null),
    h('h3', {}, 'Text'), h('div', {class: 'text-block'}, node.text || h('span', {class: 'faint'}, 'none')),
    node.text_bytes ? h('p', {class: 'faint small'}, `The first 64 KiB of ${count(node.text_bytes)} bytes.`) : null,
    h('h3', {}, 'Metadata'), metadata_block(page, store, node),
    node.relations.length ? [h('h3', {}, 'Related'), h('ul', {class: 'list'}, node.relations.map((related) =>
      h('li', {}, `${related.kind}  `, h('a', {class: 'mono wrap', href: page.link('nodes', {store, ...key_of(related)})}, related.key))))] : null,
    node.vectors.map((vector) => vector_block(page, node.key, vector)),
    h('p', {}, h('a', {href: page.link('collections', {name: `${store}/data`, ...rename(key)})}, 'As it is stored')),
  ];
}
const rename = (key) => key.id_hex ? {key_hex: key.id_hex} : {key: key.id};

// ---- views ----

export function nodes(page) {
  const store = store_of(page);
  const list = key_list({endpoint: 'nodes', params: {store}, what: 'Ids that begin with', empty: 'There are no nodes.',
    row: (node) => node_row(page.link('nodes', {store, ...key_of(node)}), node, same_key(node, page.params))});
  const detail = has_key(page.params) ? later(() => node_detail(page, store, key_params(page.params))) : null;
  return [h('h1', {}, 'Nodes'), store_choice(page, 'nodes'), split(list, detail, page.link('nodes', {store}))];
}

async function delete_document(page, store, document) {
  const sure = confirm(`Delete the document ${document.key} with ${plural(document.nodes, 'node', 'nodes')}, also from `
    + 'vector stores and vector indexes? This cannot be undone.');
  if (!sure) return;
  const done = await post('delete_document', {store, ...key_of(document)});
  notice(`Deleted, with ${plural(done.nodes, 'node', 'nodes')}`);
  page.go('documents', {store});
}

async function document_detail(page, store, key) {
  const offset = Number(page.params.offset ?? 0);
  const document = await get('document', {store, ...key, offset});
  const to = (more) => page.link('documents', {store, ...key_of(document), ...more});
  const said = h('div', {});
  return [
    h('h1', {class: 'mono'}, document.key),
    h('p', {class: 'soft small'}, plural(document.nodes, 'node', 'nodes')),
    json_view(document.metadata),
    h('h3', {}, 'Nodes'),
    h('div', {class: 'panel'}, h('ul', {class: 'list'}, document.rows.map((node) =>
      h('li', {}, node_row(page.link('nodes', {store, ...key_of(node)}), node, false)))),
    offset_pager(offset, PAGE, document.nodes, (next) => { location.hash = to({offset: next}); })),
    page.all.writable ? h('p', {}, h('button', {type: 'button', class: 'danger',
      onclick: () => delete_document(page, store, document).catch((error) => replace(said, failed(error)))}, 'Delete the document'), said) : null,
  ];
}

export function documents(page) {
  const store = store_of(page);
  const list = key_list({endpoint: 'documents', params: {store}, what: 'Ids that begin with',
    empty: 'There are no documents: nodes that come from none are under Nodes.',
    row: (each) => h('a', {class: 'row', href: page.link('documents', {store, ...key_of(each)}),
      'aria-current': same_key(each, page.params)},
    h('div', {class: 'head'}, h('span', {class: 'id'}, each.key), h('span', {class: 'faint small'}, plural(each.nodes, 'node', 'nodes'))),
    tags(each.metadata))});
  const detail = has_key(page.params) ? later(() => document_detail(page, store, key_params(page.params))) : null;
  return [h('h1', {}, 'Documents'), store_choice(page, 'documents'), split(list, detail, page.link('documents', {store}))];
}
