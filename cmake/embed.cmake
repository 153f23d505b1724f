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
