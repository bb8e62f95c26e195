/* An inert Windows program for `countersign-forge sample --program`:
 *   x86_64-w64-mingw32-gcc -O1 -s hello.c -o hello.exe */
int main(void) { return 0; }
