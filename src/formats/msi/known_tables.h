// Columns of the tables that a transform may change without saying what columns
// they have. Private to msi/.
//
// Spec: Windows Installer reference, "Database Tables" (Microsoft).
#pragma once

#include <array>
#include <string_view>

namespace countersign::formats {

// `columns`: names behind a letter each: s text, i number of 16 bits, l number
// of 32, v stream; a capital is part of the key. A table that some write in
// another way has a row for each.
struct KnownMsiTable {
  std::string_view name;
  std::string_view columns;
};

inline constexpr std::array kKnownMsiTables = {
    KnownMsiTable{"_Tables", "SName"},
    KnownMsiTable{"_Columns", "STable INumber sName iType"},
    KnownMsiTable{"Property", "SProperty sValue"},
    KnownMsiTable{"CustomAction",
                  "SAction iType sSource sTarget lExtendedType"},
    KnownMsiTable{"InstallExecuteSequence", "SAction sCondition iSequence"},
    KnownMsiTable{"InstallUISequence", "SAction sCondition iSequence"},
    KnownMsiTable{"AdminExecuteSequence", "SAction sCondition iSequence"},
    KnownMsiTable{"AdminUISequence", "SAction sCondition iSequence"},
    KnownMsiTable{"AdvtExecuteSequence", "SAction sCondition iSequence"},
    KnownMsiTable{"Binary", "SName vData"},
    KnownMsiTable{"Component",
                  "SComponent sComponentId sDirectory_ iAttributes sCondition "
                  "sKeyPath"},
    KnownMsiTable{"ControlEvent",
                  "SDialog_ SControl_ SEvent SArgument SCondition iOrdering"},
    KnownMsiTable{"Directory", "SDirectory sDirectory_Parent sDefaultDir"},
    KnownMsiTable{"DuplicateFile",
                  "SFileKey sComponent_ sFile_ sDestName sDestFolder"},
    KnownMsiTable{"Environment", "SEnvironment sName sValue sComponent_"},
    KnownMsiTable{"Extension",
                  "SExtension SComponent_ sProgId_ sMIME_ sFeature_"},
    KnownMsiTable{"Feature",
                  "SFeature sFeature_Parent sTitle sDescription iDisplay "
                  "iLevel sDirectory_ iAttributes"},
    KnownMsiTable{"FeatureComponents", "SFeature_ SComponent_"},
    KnownMsiTable{"File",
                  "SFile sComponent_ sFileName lFileSize sVersion sLanguage "
                  "iAttributes iSequence"},
    KnownMsiTable{"File",
                  "SFile sComponent_ sFileName lFileSize sVersion sLanguage "
                  "iAttributes lSequence"},
    KnownMsiTable{"IniFile",
                  "SIniFile sFileName sDirProperty sSection sKey sValue "
                  "iAction sComponent_"},
    KnownMsiTable{"LaunchCondition", "SCondition sDescription"},
    KnownMsiTable{"Media",
                  "IDiskId iLastSequence sDiskPrompt sCabinet sVolumeLabel "
                  "sSource"},
    KnownMsiTable{"Media",
                  "IDiskId lLastSequence sDiskPrompt sCabinet sVolumeLabel "
                  "sSource"},
    KnownMsiTable{"MoveFile",
                  "SFileKey sComponent_ sSourceName sDestName sSourceFolder "
                  "sDestFolder iOptions"},
    KnownMsiTable{"MsiEmbeddedChainer",
                  "SMsiEmbeddedChainer sCondition sCommandLine sSource lType"},
    KnownMsiTable{"MsiEmbeddedUI",
                  "SMsiEmbeddedUI sFileName iAttributes lMessageFilter vData"},
    KnownMsiTable{"MsiServiceConfigFailureActions",
                  "SMsiServiceConfigFailureActions sName lEvent lResetPeriod "
                  "sRebootMessage sCommand sActions sDelayActions sComponent_"},
    KnownMsiTable{"Registry", "SRegistry iRoot sKey sName sValue sComponent_"},
    KnownMsiTable{"RemoveFile",
                  "SFileKey sComponent_ sFileName sDirProperty iInstallMode"},
    KnownMsiTable{"RemoveRegistry",
                  "SRemoveRegistry iRoot sKey sName sComponent_"},
    KnownMsiTable{"SelfReg", "SFile_ iCost"},
    KnownMsiTable{"ServiceControl",
                  "SServiceControl sName iEvent sArguments iWait sComponent_"},
    KnownMsiTable{"ServiceInstall",
                  "SServiceInstall sName sDisplayName lServiceType lStartType "
                  "lErrorControl sLoadOrderGroup sDependencies sStartName "
                  "sPassword sArguments sComponent_ sDescription"},
    KnownMsiTable{"Shortcut",
                  "SShortcut sDirectory_ sName sComponent_ sTarget sArguments "
                  "sDescription iHotkey sIcon_ iIconIndex iShowCmd sWkDir "
                  "sDisplayResourceDLL iDisplayResourceId "
                  "sDescriptionResourceDLL iDescriptionResourceId"},
    KnownMsiTable{"Upgrade",
                  "SUpgradeCode SVersionMin SVersionMax SLanguage LAttributes "
                  "sRemove sActionProperty"},
    KnownMsiTable{"Verb", "SExtension_ SVerb iSequence sCommand sArgument"},
};

}  // namespace countersign::formats
