using System.Data.Common;
using HashStore.Schema;
using HashStore.Schema.Tables;

namespace HashStore.Storage.Catalog;

/// <summary>
/// The writer's connection with its prepared statements, while it holds the exclusive right to write: what is read stays true until the commit.
/// Used by the writer's thread alone.
/// </summary>
internal sealed class CatalogTransaction(DbConnection connection, string insertedId, TimeProvider clock) : IDisposable
{
    private readonly Dictionary<Statement, DbCommand> prepared = new(ReferenceEqualityComparer.Instance);
    private DbTransaction? transaction;

    /// <summary>Number of statements that wrote, ever: tells whether a change has written yet.</summary>
    internal long Changes { get; private set; }

    /// <summary>The length of the keys, as the store's row says it in this transaction; 0 before the first one.</summary>
    internal int KeyBits { get; set; }

    /// <summary>UTC with the milliseconds that the tables keep.</summary>
    internal DateTime Now
    {
        get
        {
            var now = clock.GetUtcNow().UtcDateTime;
            return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMillisecond));
        }
    }

    internal void Begin(DbTransaction begun) => transaction = begun;

    /// <summary>Runs a statement and returns the number of rows changed.</summary>
    internal int Execute(Statement statement, params ReadOnlySpan<object?> values)
    {
        Changes++;
        return Prepare(statement, values).ExecuteNonQuery();
    }

    /// <summary>Runs an INSERT and returns the number that the row got.</summary>
    internal long Insert(Statement statement, params ReadOnlySpan<object?> values)
    {
        Changes++;
        return (long)Prepare(statement, values).ExecuteScalar()!;
    }

    /// <summary>Reads the first row; null when there is none.</summary>
    internal T? ReadOne<T>(Statement statement, Func<DbDataReader, T> read, params ReadOnlySpan<object?> values)
        where T : struct
    {
        using var reader = Prepare(statement, values).ExecuteReader();
        return reader.Read() ? read(reader) : null;
    }

    /// <summary>Reads all rows.</summary>
    internal List<T> ReadAll<T>(Statement statement, Func<DbDataReader, T> read, params ReadOnlySpan<object?> values)
    {
        using var reader = Prepare(statement, values).ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    /// <summary>Hands rows out one by one until <paramref name="use"/> has had enough; they are never all in memory.</summary>
    internal void ForEach(Statement statement, Func<DbDataReader, bool> use, params ReadOnlySpan<object?> values)
    {
        using var reader = Prepare(statement, values).ExecuteReader();
        while (reader.Read() && use(reader))
        {
        }
    }

    /// <summary>The row of an object, also by a key that it had before: whoever read the key a moment ago means this object.</summary>
    internal StoredRow? FindFile(ContentKey key) => FindExact(key) is { } row ? row : Current(key) is var now && now != key ? FindExact(now) : null;

    /// <summary>The key that an object has now; the same where it never had another.</summary>
    internal ContentKey Current(ContentKey key) =>
        key.Bits == KeyBits || KeyBits == 0 ? key : ReadOne(AliasStatements.Find, row => new ContentKey((byte[])row[0]), key.ToArray()) ?? key;

    /// <summary>The row under exactly this key.</summary>
    internal StoredRow? FindExact(ContentKey key) => ReadOne(
        Statements.ReadFile,
        row => new StoredRow(
            new ContentDigest((byte[])row[0]),
            row[1] is byte[] digest ? new ContentDigest(digest) : null,
            row.GetInt64(2),
            row.GetInt64(3),
            (FileState)row.GetByte(4)),
        key.ToArray());

    internal NameRow? FindName(FileName name) => ReadOne(
        Statements.ReadName,
        row => new NameRow(row.GetInt64(0), row.IsDBNull(1) ? null : row.GetInt64(1), row.GetBoolean(2), row.IsDBNull(3) ? null : row.GetInt64(3)),
        name.Value);

    internal VersionRow? FindVersion(long id) => ReadOne(
        Statements.ReadUpload,
        row => new VersionRow(id, row.GetInt64(0), new ContentKey((byte[])row[1]), row.GetDateTime(2), (HiddenParts)row.GetInt16(3)),
        id);

    internal void SetState(ContentKey key, FileState state) => Execute(Statements.SetFileState, (byte)state, Now, key.ToArray());

    internal void CountReference(ContentKey key, long difference) => Execute(Statements.CountReference, difference, key.ToArray());

    public void Dispose()
    {
        foreach (var command in prepared.Values)
        {
            command.Dispose();
        }
    }

    private DbCommand Prepare(Statement statement, ReadOnlySpan<object?> values)
    {
        if (!prepared.TryGetValue(statement, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = statement.ReturnsId ? statement.Sql + insertedId : statement.Sql;
            foreach (var (name, type) in statement.Parameters)
            {
                var parameter = command.CreateParameter();
                parameter.ParameterName = name;
                parameter.DbType = type;
                command.Parameters.Add(parameter);
            }

            prepared.Add(statement, command);
        }

        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }

        command.Transaction = transaction;
        return command;
    }
}

/// <summary>What the write path needs of a <c>file</c> row.</summary>
internal readonly record struct StoredRow(ContentDigest Sha256, ContentDigest? Digest, long Size, long RefCount, FileState State);

/// <summary>A <c>filename</c> row.</summary>
internal readonly record struct NameRow(long Id, long? Latest, bool Deleted, long? Redirect);

/// <summary>What the write path needs of an <c>upload</c> row.</summary>
internal readonly record struct VersionRow(long Id, long NameId, ContentKey Key, DateTime Timestamp, HiddenParts Hidden)
{
    internal bool IsHidden => (Hidden & HiddenParts.Content) != 0;
}
