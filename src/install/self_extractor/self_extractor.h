// What self-extracting archives start once they are unpacked. Private to the
// module.
//
// Spec: 7-Zip, "SFX modules for installers", and the modified module by O.
// Scherbakov, which knows more of the same; WinRAR, "GUI SFX module: scripting
// commands"; IExpress of Windows, "Self Extraction Directive".
#pragma once

#include <string_view>
#include <vector>

#include "base/blob.h"
#include "base/budget.h"
#include "base/result.h"
#include "install/action_list.h"
#include "install/actions.h"
#include "model/action.h"

namespace countersign::install {

// The text in front of the archive of a 7z self-extractor. See ReadActions.
[[nodiscard]] base::Result<void> ReadSevenZipConfig(const Place& place,
                                                    const base::Blob& file,
                                                    base::Budget& budget,
                                                    ActionList& actions);

// The comment of a RAR archive, which steers its self-extractor.
[[nodiscard]] base::Result<void> ReadRarComment(const Place& place,
                                                const base::Blob& file,
                                                base::Budget& budget,
                                                ActionList& actions);

// True of the resources in which IExpress keeps what it runs.
[[nodiscard]] bool IsIexpressCommand(std::string_view name);
// One of them: a command line.
[[nodiscard]] base::Result<void> ReadIexpressCommand(const Place& place,
                                                     const base::Blob& file,
                                                     base::Budget& budget,
                                                     ActionList& actions);

}  // namespace countersign::install
