#include "app/main_command.h"

int main(int argc, char** argv) { return countersign::app::Main(argc, argv); }
