using System.Runtime.CompilerServices;
using HashStore.Storage.Catalog;

namespace HashStore.Tests.Support;

/// <summary>
/// Tests look into databases directly, beside the stores of other tests. Which SQLite library is used must be decided before the first of them: functions bound before and after that would
/// come from two libraries, and a connection of one in the hands of the other ends the process.
/// </summary>
internal static class SqliteChoice
{
    [ModuleInitializer]
    internal static void Decide() => SqliteLibrary.PreferNewer();
}
