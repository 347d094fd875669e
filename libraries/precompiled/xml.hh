// Precompiled with -Db_pch=true (quickstart.sh): what most files of xml/ include; see base.hh.

#include "libraries/precompiled/base.hh"
#include "xml/document/read.hh"
#include "xml/domain/domain.hh"
