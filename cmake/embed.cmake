# hedgerow_embed(target name file): the bytes of a file as the symbols hedgerow_embedded_<name> and …_end.
function(hedgerow_embed target name file)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/embedded_${name}.S)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT [[
    .section .rodata
    .global hedgerow_embedded_@name@
    .global hedgerow_embedded_@name@_end
    .balign 16
hedgerow_embedded_@name@:
    .incbin "@file@"
hedgerow_embedded_@name@_end:
    .byte 0
    .section .note.GNU-stack,"",%progbits
]])
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS ${file}
    COMPILE_OPTIONS "" SKIP_PRECOMPILE_HEADERS ON)
  target_sources(${target} PRIVATE ${source})
endfunction()

# hedgerow_embed_folder(target folder): every file below it as a row of `hedgerow::web::kAssets`-like table, with its
# compressed forms made at build time. The table's shape is declared in web/assets.hpp.
function(hedgerow_embed_folder target folder)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${folder} ${folder}/*)
  list(SORT files)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/assets)
  set(declarations "")
  set(rows "")
  set(index 0)
  foreach(file IN LISTS files)
    set(path ${folder}/${file})
    # A changed file configures anew: the table carries its digest.
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    file(SHA256 ${path} digest)
    string(SUBSTRING ${digest} 0 32 digest)
    set(packed ${out}/${index})
    add_custom_command(OUTPUT ${packed}.gz ${packed}.br
      COMMAND ${CMAKE_COMMAND} -E make_directory ${out}
      COMMAND gzip -9 -n -c ${path} > ${packed}.gz
      COMMAND brotli -f -q 11 -o ${packed}.br ${path}
      DEPENDS ${path} VERBATIM)
    set(names "")
    foreach(form plain gz br)
      if(form STREQUAL "plain")
        hedgerow_embed(${target} asset_${index}_plain ${path})
      else()
        hedgerow_embed(${target} asset_${index}_${form} ${packed}.${form})
      endif()
      string(APPEND declarations
        "extern const std::byte hedgerow_embedded_asset_${index}_${form}[];\n"
        "extern const std::byte hedgerow_embedded_asset_${index}_${form}_end[];\n")
      list(APPEND names
        "{hedgerow_embedded_asset_${index}_${form}, hedgerow_embedded_asset_${index}_${form}_end}")
    endforeach()
    list(JOIN names ", " forms)
    string(APPEND rows "    {\"/${file}\", \"${digest}\", ${forms}},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/asset_table.cpp @ONLY CONTENT [[
#include "web/assets.hpp"
extern "C" {
@declarations@}
namespace hedgerow::web {
std::span<const File> files() {
  static const std::vector<File> kFiles{
@rows@  };
  return kFiles;
}
}
]])
  target_sources(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/asset_table.cpp)
endfunction()
