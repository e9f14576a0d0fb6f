// Graphs: an entity, and what is around it as a picture.

import {get, has_key, key_of, key_params, same_key} from '../api.js';
import {count, h, plural, s} from '../dom.js';
import {places_of} from '../force.js';
import {tags} from '../json_view.js';
import {key_list, later, split, table} from '../lists.js';

// Of the picture, so that its letters are as large as all others.
const size_of_picture = () => {
  const width = Math.max(300, Math.min(900, document.getElementById('main').clientWidth - 80));
  return [width, Math.round(width < 500 ? width * 1.1 : width * .62)];
};
const cut = (text, most) => text.length > most ? `${text.slice(0, most - 1)}…` : text;

function edges_of(picture, places) {
  return picture.edges.map((edge) => {
    const [from, to] = [places[edge.source], places[edge.target]];
    const [x, y] = [(from.x + to.x) / 2, (from.y + to.y) / 2];
    if (edge.source === edge.target) {
      return s('path', {class: 'edge', d: `M${from.x},${from.y} c-26,-34 26,-34 0,0`}, s('title', {}, edge.label));
    }
    // Ends at the circle, where the arrow is.
    const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
    const [ex, ey] = [to.x - (to.x - from.x) / length * 9, to.y - (to.y - from.y) / length * 9];
    return s('g', {}, s('line', {class: 'edge', x1: from.x, y1: from.y, x2: ex, y2: ey, 'marker-end': 'url(#arrow)'}, s('title', {}, edge.label)),
      picture.edges.length <= 60 ? s('text', {class: 'edge-label', x, y: y - 2}, cut(edge.label, 22)) : null);
  });
}

function picture_of(page, graph, picture) {
  const [width, height] = size_of_picture();
  const places = places_of(picture.nodes.length, picture.edges.map((edge) => [edge.source, edge.target]), width, height);
  const to = (node) => page.link('graphs', {...page.params, id: undefined, id_hex: undefined, graph, ...key_of(node)});
  const nodes = picture.nodes.map((node, i) => s('a', {class: `node${i === 0 ? ' centre' : ''}`, href: to(node), 'aria-label': node.key},
    s('rect', {class: 'area', x: places[i].x - 24, y: places[i].y - 12, width: 48, height: 36}),
    s('circle', {cx: places[i].x, cy: places[i].y, r: i === 0 ? 9 : 7}),
    s('text', {x: places[i].x, y: places[i].y + (i === 0 ? 23 : 20)}, cut(node.key, 26)),
    s('title', {}, node.label ? `${node.key} (${node.label})` : node.key)));
  return s('svg', {class: 'graph panel', viewBox: `0 0 ${width} ${height}`, role: 'group', 'aria-label': `What is around ${picture.nodes[0].key}`},
    s('defs', {}, s('marker', {id: 'arrow', viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto'},
      s('path', {d: 'M0,1 L8,4 L0,7 z', fill: 'currentColor', opacity: .5}))),
    edges_of(picture, places), nodes);
}

async function detail_of(page, graph, key) {
  const {params} = page;
  const picture = await get('neighbours', {graph, ...key, steps: params.steps ?? 1, limit: params.limit ?? 60});
  const choose = (name, label, options, chosen) => h('label', {class: 'field'}, label, h('select', {
    onchange: (event) => page.go('graphs', {...params, graph, [name]: event.target.value})},
  options.map((each) => h('option', {value: each, selected: String(each) === String(chosen)}, each))));
  const name = (place) => picture.nodes[place].key;
  return [h('h1', {}, picture.nodes[0].key),
    tags(picture.nodes[0].properties),
    h('div', {class: 'bar'}, choose('steps', 'Steps', [1, 2, 3, 4], params.steps ?? 1), choose('limit', 'Relations at most', [30, 60, 150, 300], params.limit ?? 60),
      h('span', {class: 'faint small'}, `${plural(picture.nodes.length, 'entity', 'entities')}, ${plural(picture.edges.length, 'relation', 'relations')}${picture.cut ? '; there are more' : ''}`)),
    picture_of(page, graph, picture),
    h('h3', {}, 'Relations'),
    table([['From', 'wrap'], ['Relation', 'wrap'], ['To', 'wrap']], picture.edges.map((edge) => [name(edge.source), edge.label, name(edge.target)]))];
}

export function graphs(page) {
  const {all, params} = page;
  const graph = params.graph ?? (all.property_graph_nodes > 0 || all.graph_subjects === 0 ? 'property' : 'simple');
  const tab = (name, title, number) => h('button', {type: 'button', 'aria-pressed': String(name === graph),
    onclick: () => page.go('graphs', {graph: name})}, `${title} (${count(number)})`);
  const list = key_list({endpoint: 'entities', params: {graph}, what: 'Names that begin with', empty: 'This graph is empty.',
    row: (entity) => h('a', {class: 'row', href: page.link('graphs', {graph, ...key_of(entity)}), 'aria-current': same_key(entity, params)},
      h('div', {class: 'head'}, h('span', {class: 'id'}, entity.key), h('span', {class: 'faint small'}, entity.label ?? '')))});
  const detail = has_key(params) ? later(() => detail_of(page, graph, key_params(params))) : null;
  return [h('h1', {}, 'Graphs'),
    h('div', {class: 'bar'}, h('div', {class: 'tabs'}, tab('property', 'Property graph', all.property_graph_nodes), tab('simple', 'Triplets', all.graph_subjects))),
    split(list, detail, page.link('graphs', {graph}))];
}
