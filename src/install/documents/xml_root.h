// What a document of XML is, before it is read. Private to the module.
#pragma once

#include <string>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"

namespace countersign::install {

// The name of the outermost element of `file`, without its prefix; "" of what
// is no XML, or has a longer name than any that is looked for. Skips byte order
// mark, declaration, comments, instructions and document type, however long
// they are, in UTF-8 and what has its letters in common with it, and in UTF-16.
// Charges a step for every 256 bytes that are skipped.
//
// Spec: Extensible Markup Language (XML) 1.0 (Fifth Edition), 2.8 and
// Appendix F.
[[nodiscard]] base::Result<std::string> XmlRootName(base::Bytes file,
                                                    base::Budget& budget);

}  // namespace countersign::install
