// All commands, in the order in which quipu --help lists them. COMMAND(name) stands for the function
// add_name_command() of the file name.cc in a folder beside.

#ifndef QUIPU_TOOLS_COMMANDS_TABLE_H_
#define QUIPU_TOOLS_COMMANDS_TABLE_H_

// clang-format off
#define QUIPU_COMMANDS(COMMAND) \
  COMMAND(import)               \
  COMMAND(export)               \
  COMMAND(migrate)              \
  COMMAND(stat)                 \
  COMMAND(collections)          \
  COMMAND(ui)                   \
  COMMAND(compact)              \
  COMMAND(verify)               \
  COMMAND(repair)               \
  COMMAND(diff)                 \
  COMMAND(get)                  \
  COMMAND(put)                  \
  COMMAND(delete)               \
  COMMAND(scan)                 \
  COMMAND(search)               \
  COMMAND(index_text)           \
  COMMAND(query)                \
  COMMAND(ann)                  \
  COMMAND(hnsw)                 \
  COMMAND(graph)                \
  COMMAND(backup)               \
  COMMAND(backups)              \
  COMMAND(verify_backup)        \
  COMMAND(prune_backups)        \
  COMMAND(restore)              \
  COMMAND(checkpoint)
// clang-format on

#endif  // QUIPU_TOOLS_COMMANDS_TABLE_H_
