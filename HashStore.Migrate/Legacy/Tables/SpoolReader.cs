using System.Globalization;
using System.Text;
using HashStore.Schema.Tables;
using HashStore.Storage.Legacy;
using SQLitePCL;

namespace HashStore.Migrate.Legacy.Tables;

/// <summary>A row that was not imported.</summary>
/// <param name="Table">The table that it stands in.</param>
/// <param name="Row">Its name or number, readable.</param>
/// <param name="Reason">Why.</param>
internal readonly record struct RefusedRow(string Table, string Row, string Reason);

/// <summary>Reads versions from a <see cref="TableSpool"/>, one at a time.</summary>
internal sealed class SpoolReader(TableSpool spool, Action<RefusedRow> refuse)
{
    private const int MaxWordChars = 32, MaxMimeMinorChars = 100, MaxTextChars = 255;

    /// <summary>What the rows come from, chosen by <see cref="Choose"/>.</summary>
    private readonly List<(string Table, string Query)> parts = [];

    /// <summary>Kinds of which the source has a table.</summary>
    internal List<LegacyKind> Kinds { get; } = [];

    /// <summary>What the operator should know of the choice; empty when there was none.</summary>
    internal string Note { get; private set; } = "";

    /// <summary>Rows to come, at most.</summary>
    internal long Total { get; private set; }

    /// <summary>Picks the tables to read: <c>image</c> and <c>oldimage</c> where they hold something, else those of MediaWiki 1.44 and later.</summary>
    internal void Choose()
    {
        long Count(LegacyTable table) => spool.Rows.GetValueOrDefault(table);
        var hasFile = spool.Rows.ContainsKey(LegacyTable.File) && spool.Rows.ContainsKey(LegacyTable.FileRevision);
        var old = Count(LegacyTable.Image) + Count(LegacyTable.OldImage);
        if (hasFile && (old == 0 || !spool.Rows.ContainsKey(LegacyTable.Image)))
        {
            ReportLost();
            parts.AddRange([("filerevision", SpoolQueries.CurrentRevisions), ("filerevision", SpoolQueries.OldRevisions), ("filerevision", SpoolQueries.DeletedRevisions)]);
            Kinds.AddRange([LegacyKind.Current, LegacyKind.Old]);
            Total += Count(LegacyTable.FileRevision);
        }
        else
        {
            Note = hasFile && Count(LegacyTable.File) > 0 ? "image and oldimage were read; file and filerevision, which hold the same, were left aside." : "";
            Take(LegacyTable.Image, LegacyKind.Current, SpoolQueries.Current);
            Take(LegacyTable.OldImage, LegacyKind.Old, SpoolQueries.Old);
        }

        Take(LegacyTable.FileArchive, LegacyKind.Deleted, SpoolQueries.Deleted);
    }

    private void Take(LegacyTable table, LegacyKind kind, string query)
    {
        if (spool.Rows.TryGetValue(table, out var count))
        {
            parts.Add((table.Name, query));
            Kinds.Add(kind);
            Total += count;
        }
    }

    /// <summary>All versions; rows that cannot be one are handed to the callback instead.</summary>
    internal IEnumerable<LegacyVersion> Read(CancellationToken cancellation)
    {
        foreach (var (table, query) in parts)
        {
            using var statement = Prepare(query);
            while (Step(statement))
            {
                cancellation.ThrowIfCancellationRequested();
                if (Version(statement, table) is { } version)
                {
                    yield return version;
                }
            }
        }
    }

    private void ReportLost()
    {
        using var statement = Prepare(SpoolQueries.LostRevisions);
        while (Step(statement))
        {
            var (revision, file) = (LegacyValues.Shown(Bytes(statement, 0)), LegacyValues.Shown(Bytes(statement, (VersionColumn)1)));
            refuse(new RefusedRow("filerevision", revision, $"there is no row {file} in table file"));
        }
    }

    private LegacyVersion? Version(sqlite3_stmt statement, string table)
    {
        var nameBytes = Bytes(statement, VersionColumn.Name);
        if (!LegacyValues.TryName(nameBytes, out var name, out var reason))
        {
            refuse(new RefusedRow(table, LegacyValues.Shown(nameBytes), reason));
            return null;
        }

        var kind = (LegacyKind)raw.sqlite3_column_int(statement, (int)VersionColumn.Kind);
        string? archiveName = null;
        var archiveBytes = Bytes(statement, VersionColumn.ArchiveName).TrimEnd((byte)0);
        if (kind != LegacyKind.Current && !archiveBytes.IsEmpty && !LegacyValues.TryName(archiveBytes, out archiveName, out reason))
        {
            refuse(new RefusedRow(table, LegacyValues.Shown(archiveBytes), "archive name: " + reason));
            return null;
        }

        var row = new LegacyRow
        {
            Kind = kind,
            Name = name,
            ArchiveName = archiveName,
            Size = Number(statement, VersionColumn.Size, long.MaxValue),
            Width = (int?)Number(statement, VersionColumn.Width, int.MaxValue),
            Height = (int?)Number(statement, VersionColumn.Height, int.MaxValue),
            Bits = (int?)Number(statement, VersionColumn.Bits, int.MaxValue),
            MediaType = LegacyValues.Word(Bytes(statement, VersionColumn.MediaType), MaxWordChars),
            MimeMajor = LegacyValues.Word(Bytes(statement, VersionColumn.MimeMajor), MaxWordChars),
            MimeMinor = LegacyValues.Word(Bytes(statement, VersionColumn.MimeMinor), MaxMimeMinorChars),
            Sha1 = LegacyValues.Sha1(Bytes(statement, VersionColumn.Sha1)),
            Timestamp = LegacyValues.Timestamp(Bytes(statement, VersionColumn.Timestamp)),
            UserId = Number(statement, VersionColumn.UserId, long.MaxValue) is > 0 and var user ? user : null,
            UserText = LegacyValues.Text(Bytes(statement, VersionColumn.UserText), MaxTextChars),
            Description = LegacyValues.Text(Bytes(statement, VersionColumn.Description)),
            Deleted = LegacyValues.Hidden(Bytes(statement, VersionColumn.Deleted)),
        };
        row.Metadata = LegacyMetadata.Read(Bytes(statement, VersionColumn.Metadata), CutLength(statement, VersionColumn.Metadata));
        if (kind == LegacyKind.Deleted)
        {
            SetDeletion(statement, row, fromRevision: table == LegacyTable.FileRevision.Name);
        }

        return new LegacyVersion(row, kind == LegacyKind.Deleted ? Number(statement, VersionColumn.Number, long.MaxValue) : null);
    }

    private static void SetDeletion(sqlite3_stmt statement, LegacyRow row, bool fromRevision)
    {
        var key = LegacyValues.Word(Bytes(statement, VersionColumn.StorageKey), MaxTextChars);
        row.StorageKey = fromRevision && row.Sha1 is not null ? LegacyFingerprint.StorageKeyOf(row.Sha1, row.Name) : key;
        row.DeletionUserText = Bytes(statement, VersionColumn.DeletionUserText) is { IsEmpty: false } user ? LegacyValues.Text(user, MaxTextChars) : null;
        row.DeletionTimestamp = LegacyValues.Timestamp(Bytes(statement, VersionColumn.DeletionTimestamp));
        row.DeletionReason = raw.sqlite3_column_type(statement, (int)VersionColumn.DeletionReason) == raw.SQLITE_NULL
            ? null
            : LegacyValues.Text(Bytes(statement, VersionColumn.DeletionReason));
    }

    private static long? Number(sqlite3_stmt statement, VersionColumn column, long most) => LegacyValues.Number(Bytes(statement, column), most);

    /// <summary>The length of a value that was left out for it; null: the value is there.</summary>
    private static long? CutLength(sqlite3_stmt statement, VersionColumn column) =>
        raw.sqlite3_column_type(statement, (int)column) == raw.SQLITE_INTEGER ? raw.sqlite3_column_int64(statement, (int)column) : null;

    /// <summary>The bytes of a value until the next step; numbers as their digits.</summary>
    private static ReadOnlySpan<byte> Bytes(sqlite3_stmt statement, VersionColumn column) =>
        raw.sqlite3_column_type(statement, (int)column) == raw.SQLITE_INTEGER
            ? Encoding.ASCII.GetBytes(raw.sqlite3_column_int64(statement, (int)column).ToString(CultureInfo.InvariantCulture))
            : raw.sqlite3_column_blob(statement, (int)column);

    private sqlite3_stmt Prepare(string query)
    {
        spool.Check(raw.sqlite3_prepare_v2(spool.Connection.Handle, query, out var statement));
        return statement;
    }

    private bool Step(sqlite3_stmt statement)
    {
        var code = raw.sqlite3_step(statement);
        spool.Check(code);
        return code == raw.SQLITE_ROW;
    }
}
