// Chat histories.

import {get, has_key, key_of, key_params, same_key} from '../api.js';
import {h, plural} from '../dom.js';
import {json_view} from '../json_view.js';
import {key_list, later, offset_pager, split} from '../lists.js';

const PAGE = 50;

const message = (row) => h('div', {class: `message${row.role === 'user' ? ' user' : ''}`},
  h('div', {class: 'role'}, row.role || 'no role'),
  row.text ? h('div', {class: 'text-block'}, row.text) : json_view(row.value));

async function detail_of(page, key) {
  const chat = await get('chat', {...key, offset: page.params.offset ?? 0});
  const to = (offset) => page.link('chats', {...key_of(chat, 'key'), offset});
  return [h('h1', {class: 'mono'}, chat.key),
    h('p', {class: 'soft small'}, plural(chat.messages, 'message', 'messages'), chat.archived ? `, ${chat.archived} of them archived` : ''),
    h('div', {class: 'panel'}, chat.rows.map(message),
      offset_pager(chat.offset, PAGE, chat.messages, (offset) => { location.hash = to(offset); }))];
}

export function chats(page) {
  const list = key_list({endpoint: 'chats', params: {}, empty: 'There are no chats.',
    row: (chat) => h('a', {class: 'row', href: page.link('chats', key_of(chat, 'key')), 'aria-current': same_key(chat, page.params, 'key')},
      h('div', {class: 'head'}, h('span', {class: 'id'}, chat.key), h('span', {class: 'faint small'}, plural(chat.messages, 'message', 'messages'))))});
  const detail = has_key(page.params, 'key') ? later(() => detail_of(page, key_params(page.params, 'key'))) : null;
  return [h('h1', {}, 'Chats'), split(list, detail, page.link('chats'))];
}
