# Every warning is an error in our own code; headers of dependencies are SYSTEM and stay silent.
function(quipu_set_warnings target)
  # Designated initialisers leave out what has a default.
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Werror -Wno-missing-field-initializers)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # Reports "text" + std::string as overlapping (gcc.gnu.org/PR105651).
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
  if(QUIPU_SANITIZE)
    # What the sanitizers insert hides from GCC that an empty std::optional is not read (gcc.gnu.org/PR80635).
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized)
    endif()
    target_compile_options(${target} PUBLIC -fsanitize=${QUIPU_SANITIZE} -fno-omit-frame-pointer -g)
    target_link_options(${target} PUBLIC -fsanitize=${QUIPU_SANITIZE})
  endif()
endfunction()
