/* Behind each inclusion of frames.def: forgets the macros and gives the next one a clean table. No guard. */
#undef FRAME
#undef END_FRAME
#undef RECORD
#undef END_RECORD
#undef U8
#undef U16
#undef U32
#undef U64
#undef I32
#undef TEXT
#undef BYTES
#undef SUB
#undef LIST
