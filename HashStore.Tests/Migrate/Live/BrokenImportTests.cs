using HashStore.Migrate.Conversion;
using HashStore.Migrate.Legacy;
using HashStore.Migrate.Legacy.Tables;
using HashStore.Schema.Tables;
using HashStore.Storage;
using HashStore.Storage.Durability;
using HashStore.Storage.Legacy;
using HashStore.Tests.Migrate.Conversion;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace HashStore.Tests.Migrate.Live;

/// <summary>Another process was killed while it imported the tables that a run converts by.</summary>
public sealed class BrokenImportTests
{
    private const string Name = "Name.jpg", First = "20180101000000";

    [Fact]
    public async Task A_run_that_has_the_tables_imports_them_again_and_goes_on()
    {
        using var tree = new LegacyTreeBuilder();
        tree.Image(Name, "two");
        tree.Old(Name, First, "one");
        tree.WriteTables();
        await using (var store = await Store.OpenAsync(tree.Options, NullLogger.Instance))
        {
            var gate = new ImportGate(tree.Paths, TimeProvider.System);
            var imports = 0;
            var run = new ConversionRun(store, LegacyTree.Open(tree.Tree, tree.Paths, null), new ConversionOptions(), new Deaf())
            {
                Reimport = async cancellation =>
                {
                    imports++;
                    _ = await LegacyTables.ImportAsync(store, new TablesSource(tree.Folder["tables"], "", () => Stream.Null), _ => { }, _ => { }, cancellation, waits: true);
                },
            };
            await run.ConvertAsync(Task.Run(BreakOff), CancellationToken.None); // as if the other had come after this one's own import
            Assert.Equal((1, false), (imports, gate.IsUnfinished));

            void BreakOff()
            {
                using var import = new FileLock(tree.Paths.ImportLock);
                Assert.True(import.TryKeep());
                gate.Close();
            }
        }

        tree.CheckLinked(tree.Current(Name), tree.Archived(Name, First));
        tree.CheckNothingIsLeft();
    }

    private sealed class Deaf : IConversionListener
    {
        public void Looking(long paths)
        {
        }

        public void Converting(long paths, long total, long bytes)
        {
        }

        public void Decided(LedgerRow row)
        {
        }
    }
}
