#!/bin/sh
# lazystubs.sh OUT LIBRARIES OBJECT…: an assembler file in which each function that the OBJECTs need of one of the LIBRARIES (names as for -l, one word) stands
# as a jump through a table that lazy.c fills at the first call. Linked before the libraries, it leaves nothing that the loader would need them for.
# For x86-64; elsewhere the file is empty, and the program is linked as usual.
set -eu
out=$1 libraries=$2
shift 2
cc=${CC:-cc}
needed=$out.needed
{
	echo '	.section .note.GNU-stack,"",@progbits'
	case $(uname -m):$($cc -dumpmachine) in x86_64:x86_64*) ;; *) exit 0 ;; esac
	nm -u "$@" 2>/dev/null | awk '$1 == "U" { print $2 }' | sort -u > "$needed"
	for library in $libraries; do
		file=$($cc -print-file-name="lib$library.so")
		name=$(objdump -p "$file" | awk '$1 == "SONAME" { print $2 }')
		# data cannot be had so: the linker then takes the library itself
		functions=$(nm -D --defined-only "$file" | awk '$2 ~ /^[TWi]$/ { sub(/@.*/, "", $3); print $3 }' | sort -u | comm -12 - "$needed")
		[ -n "$name" ] && [ -n "$functions" ] || continue
		awk -v id="$(printf %s "$library" | tr -c 'A-Za-z0-9' _)" -v soname="$name" '
		{ name[NR] = $1 }
		END {
			print "	.section .data.rel.lazy_" id ",\"aw\",@progbits\n	.balign 4096\nlazy_table_" id ":"
			for (i = 1; i <= NR; i++) print "lazy_slot_" name[i] ": .quad lazy_first_" name[i]
			print "	.balign 4096\nlazy_end_" id ":"
			print "	.section .rodata\nlazy_soname_" id ": .asciz \"" soname "\"\nlazy_names_" id ":"
			for (i = 1; i <= NR; i++) print "	.asciz \"" name[i] "\""
			print "	.section .data.rel.ro,\"aw\",@progbits\n	.balign 8\nlazy_library_" id ": .quad lazy_soname_" id ", lazy_names_" id ", lazy_table_" id ", lazy_end_" id ", " NR
			print "	.text"
			for (i = 1; i <= NR; i++) {
				print "	.globl " name[i] "\n	.hidden " name[i] "\n	.type " name[i] ",@function\n	.balign 16\n" name[i] ":\n	endbr64\n	jmp *lazy_slot_" name[i] "(%rip)"
				print "	.size " name[i] ", . - " name[i]
				print "lazy_first_" name[i] ":\n	endbr64\n	lea lazy_slot_" name[i] "(%rip), %r11\n	lea lazy_library_" id "(%rip), %r10\n	jmp lazy_first"
			}
			# who this program opens, for packagers (uapi-group.org/specifications/specs/elf_dlopen_metadata)
			json = "[{\"feature\":\"" id "\",\"priority\":\"required\",\"soname\":[\"" soname "\"]}]"
			gsub(/"/, "\\\"", json)
			print "	.section .note.dlopen,\"a\",@note\n	.balign 4\n	.long 4, 2f - 1f, 0x407c0c0a\n	.asciz \"FDO\"\n1:	.asciz \"" json "\"\n2:	.balign 4"
		}' <<-END
			$functions
		END
	done
	# all that may hold an argument is kept; the slot lies above it, 16 bytes aligned at the call
	cat <<-'END'
		.text
	lazy_first:
		.cfi_startproc
		push %rbp
		.cfi_def_cfa_offset 16
		.cfi_offset %rbp, -16
		mov %rsp, %rbp
		.cfi_def_cfa_register %rbp
		push %r11
		push %rax
		push %rdi
		push %rsi
		push %rdx
		push %rcx
		push %r8
		push %r9
		sub $128, %rsp
	END
	for i in 0 1 2 3 4 5 6 7; do echo "	movups %xmm$i, $((16 * i))(%rsp)"; done
	echo '	mov %r10, %rdi'
	echo '	call lazy_load'
	for i in 0 1 2 3 4 5 6 7; do echo "	movups $((16 * i))(%rsp), %xmm$i"; done
	cat <<-'END'
		add $128, %rsp
		pop %r9
		pop %r8
		pop %rcx
		pop %rdx
		pop %rsi
		pop %rdi
		pop %rax
		pop %r11
		pop %rbp
		.cfi_def_cfa %rsp, 8
		jmp *(%r11)
		.cfi_endproc
	END
} > "$out.new"
mv "$out.new" "$out"
