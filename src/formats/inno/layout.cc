// Spec: jrsoftware/issrc Projects/Struct.pas and
// Projects/Src/Shared.Struct.pas, TSetupHeader to TSetupRunEntry, in the
// versions that the rows name. Records are written as their texts, each with
// its size, and then the rest, packed. docs/formats/inno.md says what stands
// for the versions whose Shared.Struct.pas was not at hand.
#include "formats/inno/layout.h"

#include <algorithm>
#include <array>

namespace countersign::formats {
namespace {

constexpr std::array kInnoTextNames = {
    std::string_view("AppName"),
    std::string_view("AppVerName"),
    std::string_view("AppId"),
    std::string_view("AppCopyright"),
    std::string_view("AppPublisher"),
    std::string_view("AppPublisherURL"),
    std::string_view("AppSupportPhone"),
    std::string_view("AppSupportURL"),
    std::string_view("AppUpdatesURL"),
    std::string_view("AppVersion"),
    std::string_view("DefaultDirName"),
    std::string_view("DefaultGroupName"),
    std::string_view("BaseFilename"),
    std::string_view("UninstallFilesDir"),
    std::string_view("UninstallDisplayName"),
    std::string_view("UninstallDisplayIcon"),
    std::string_view("AppMutex"),
    std::string_view("DefaultUserInfoName"),
    std::string_view("DefaultUserInfoOrg"),
    std::string_view("DefaultUserInfoSerial"),
    std::string_view("AppReadmeFile"),
    std::string_view("AppContact"),
    std::string_view("AppComments"),
    std::string_view("AppModifyPath"),
    std::string_view("CreateUninstallRegKey"),
    std::string_view("Uninstallable"),
    std::string_view("CloseApplicationsFilter"),
    std::string_view("SetupMutex"),
    std::string_view("ChangesEnvironment"),
    std::string_view("ChangesAssociations"),
    std::string_view("ArchitecturesAllowed"),
    std::string_view("ArchitecturesInstallIn64BitMode"),
    std::string_view("CloseApplicationsFilterExcludes"),
    std::string_view("SevenZipLibraryName"),
    std::string_view("UsePreviousAppDir"),
    std::string_view("UsePreviousGroup"),
    std::string_view("UsePreviousSetupType"),
    std::string_view("UsePreviousTasks"),
    std::string_view("UsePreviousUserInfo"),
};

// Before SlicesPerDisk: two version ranges of 10 bytes; two or three colours;
// since 6.0 style and size of the wizard (9); since 5.5.7 the alpha format (1);
// up to 6.3 SHA-1 and salt of the password (28), then test, salt, iterations
// and nonce (48), which 6.5 moves before the blocks; disk space (8). Colours
// come back in 6.5.2 (2), 6.6 (4) and 6.7 (6), opacities in 6.6.1 (1) and 6.7
// (2), the styling of controls in 6.7 (1), the version of compiled code in 7.0
// (4, and first of all).
constexpr uint8_t kInnoVersionBytes = 20;
constexpr uint8_t kInnoColourBytes = 4;
constexpr uint8_t kInnoAlphaBytes = 1;
constexpr uint8_t kInnoWizardBytes = 9;
constexpr uint8_t kInnoPasswordBytes = 28;
constexpr uint8_t kInnoKeyDerivationBytes = 48;
constexpr uint8_t kInnoDiskSpaceBytes = 8;
constexpr uint8_t kInnoSlices550 = kInnoVersionBytes + 3 * kInnoColourBytes +
                                   kInnoPasswordBytes + kInnoDiskSpaceBytes;
constexpr uint8_t kInnoSlices557 = kInnoVersionBytes + 2 * kInnoColourBytes +
                                   kInnoAlphaBytes + kInnoPasswordBytes +
                                   kInnoDiskSpaceBytes;
constexpr uint8_t kInnoSlices600 = kInnoSlices557 + kInnoWizardBytes;
constexpr uint8_t kInnoSlices640 = kInnoVersionBytes + kInnoWizardBytes +
                                   kInnoAlphaBytes + kInnoKeyDerivationBytes +
                                   kInnoDiskSpaceBytes;
constexpr uint8_t kInnoSlices650 = kInnoVersionBytes + kInnoWizardBytes +
                                   kInnoAlphaBytes + kInnoDiskSpaceBytes;
constexpr uint8_t kInnoSlices652 = kInnoSlices650 + 2 * kInnoColourBytes;
constexpr uint8_t kInnoSlices660 = kInnoSlices650 + 4 * kInnoColourBytes;
constexpr uint8_t kInnoSlices661 = kInnoSlices660 + 1;
constexpr uint8_t kInnoSlices670 = kInnoSlices650 + 6 * kInnoColourBytes + 3;
constexpr uint8_t kInnoSlices700 = kInnoSlices670 + 4;
// Between CompressMethod and Options: architectures up to 6.1 (2), pages that
// are left out (2), size that is shown (8).
constexpr uint8_t kInnoOptions550 = 12;
constexpr uint8_t kInnoOptions630 = 10;
// Icons: since 6.1 a class id precedes the rest.
constexpr uint8_t kInnoIcon = 32;
constexpr uint8_t kInnoIcon610 = kInnoIcon + 16;

constexpr InnoLayout kInno643{"6.4.3",
                              true,
                              33,
                              kInnoSlices640,
                              6,
                              kInnoOptions630,
                              6,
                              31,
                              kInnoIcon610,
                              2,
                              true,
                              1,
                              true,
                              false};

// From here on each version is the one before, changed.

constexpr InnoLayout Inno650() {
  InnoLayout layout = kInno643;
  layout.version = "6.5.0";
  layout.header_texts = 34;
  layout.before_slices = kInnoSlices650;
  layout.has_encryption_header = true;
  layout.file_option_bytes = 5;
  return layout;
}

constexpr InnoLayout Inno652() {
  InnoLayout layout = Inno650();
  layout.version = "6.5.2";
  layout.before_slices = kInnoSlices652;
  layout.offset_bytes = 8;
  return layout;
}

constexpr InnoLayout Inno660() {
  InnoLayout layout = Inno652();
  layout.version = "6.6.0";
  layout.before_slices = kInnoSlices660;
  layout.language_texts = 8;
  layout.language_rest = 19;
  layout.image_lists = 4;
  return layout;
}

constexpr InnoLayout Inno661() {
  InnoLayout layout = Inno660();
  layout.version = "6.6.1";
  layout.before_slices = kInnoSlices661;
  return layout;
}

// Sets of more than 32 options have 8 bytes from here on.
constexpr InnoLayout Inno670() {
  InnoLayout layout = Inno661();
  layout.version = "6.7.0";
  layout.header_texts = 39;
  layout.before_slices = kInnoSlices670;
  layout.option_bytes = 8;
  layout.file_option_bytes = 8;
  layout.level_bytes = 1;
  layout.image_lists = 6;
  layout.block_size_bytes = 8;
  return layout;
}

constexpr InnoLayout Inno700() {
  InnoLayout layout = Inno670();
  layout.version = "7.0.0.3";
  layout.before_slices = kInnoSlices700;
  layout.has_bitness = true;
  return layout;
}

constexpr std::array kInnoLayouts = {
    InnoLayout{"5.5.0", false, 27, kInnoSlices550, 5, kInnoOptions550, 6, 37,
               kInnoIcon, 2, false, 2, false, true},
    InnoLayout{"5.5.6", false, 28, kInnoSlices550, 5, kInnoOptions550, 6, 37,
               kInnoIcon, 2, false, 2, false, true},
    InnoLayout{"5.5.7", false, 28, kInnoSlices557, 5, kInnoOptions550, 6, 37,
               kInnoIcon, 2, false, 2, false, true},
    InnoLayout{"5.6.0", false, 28, kInnoSlices557, 5, kInnoOptions550, 6, 37,
               kInnoIcon, 2, false, 2, true, true},
    InnoLayout{"6.0.0", false, 30, kInnoSlices600, 6, kInnoOptions550, 6, 36,
               kInnoIcon, 2, false, 2, true, true},
    InnoLayout{"6.1.0", false, 30, kInnoSlices600, 6, kInnoOptions550, 6, 36,
               kInnoIcon610, 2, false, 2, true, true},
    InnoLayout{"6.3.0", true, 32, kInnoSlices600, 6, kInnoOptions630, 7, 36,
               kInnoIcon610, 2, false, 3, true, true},
    InnoLayout{"6.4.0.1", true, 32, kInnoSlices640, 6, kInnoOptions630, 6, 31,
               kInnoIcon610, 2, true, 3, true, false},
    InnoLayout{"6.4.2", true, 33, kInnoSlices640, 6, kInnoOptions630, 6, 31,
               kInnoIcon610, 2, true, 3, true, false},
    kInno643,
    Inno650(),
    Inno652(),
    Inno660(),
    Inno661(),
    Inno670(),
    Inno700(),
};

}  // namespace

std::span<const InnoLayout> InnoLayouts() { return kInnoLayouts; }

const InnoLayout* FindInnoLayout(std::string_view version) {
  const auto* found =
      std::ranges::find(kInnoLayouts, version, &InnoLayout::version);
  return found == kInnoLayouts.end() ? nullptr : found;
}

std::span<const std::string_view> InnoTextNames() { return kInnoTextNames; }

}  // namespace countersign::formats
