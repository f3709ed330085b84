/** Every route of the API with what it takes and answers. Written from the OpenAPI document; change that, then run `npm run site:types`. */
export type Api = {
  /** Close your account for good */
  'DELETE /api/v1/auth/me': {
    params: undefined
    query: undefined
    body: {
      confirm_email: string
      password: string
      forfeit?: boolean | undefined
    }
    answer: undefined
  }
  /** Who is signed in */
  'GET /api/v1/auth/me': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      id: string
      email: string
      user_type: "creator" | "developer" | "admin"
      admin_role: "super_admin" | "moderator" | "support" | null
      email_verified: boolean
      display_name: string | null
      avatar_url: string | null
      created_at: string
    }
  }
  /** All agents, newest first */
  'GET /api/v1/admin/agents': {
    params: undefined
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      status?: "draft" | "active" | "inactive" | "archived" | undefined
      creator_id?: string | undefined
      slug?: string | undefined
    }
    body: undefined
    answer: {
      items: ({
        id: string
        slug: string
        name: string
        category: string | null
        creator_id: string
        status: "draft" | "active" | "inactive" | "archived"
        stopped_because: "admin" | "barred" | "suspended" | "closed" | null
        featured_rank: number | null
        version: number
        provider: string
        model: string
        price_usd: string
        total_calls: number
        total_revenue_usd: string
        average_rating: number
        review_count: number
        created_at: string
        published_at: string | null
      })[]
      next_cursor: string | null
    }
  }
  /** One agent */
  'GET /api/v1/admin/agents/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: {
      id: string
      slug: string
      name: string
      category: string | null
      creator_id: string
      status: "draft" | "active" | "inactive" | "archived"
      stopped_because: "admin" | "barred" | "suspended" | "closed" | null
      featured_rank: number | null
      version: number
      provider: string
      model: string
      price_usd: string
      total_calls: number
      total_revenue_usd: string
      average_rating: number
      review_count: number
      created_at: string
      published_at: string | null
    }
  }
  /** Take an agent out of service, or let it back */
  'PUT /api/v1/admin/agents/{id}/status': {
    params: {
      id: string
    }
    query: undefined
    body: {
      status: "active" | "inactive"
      reason: string
    }
    answer: {
      id: string
      slug: string
      name: string
      category: string | null
      creator_id: string
      status: "draft" | "active" | "inactive" | "archived"
      stopped_because: "admin" | "barred" | "suspended" | "closed" | null
      featured_rank: number | null
      version: number
      provider: string
      model: string
      price_usd: string
      total_calls: number
      total_revenue_usd: string
      average_rating: number
      review_count: number
      created_at: string
      published_at: string | null
    }
  }
  /** Feature an agent, or no longer */
  'PUT /api/v1/admin/agents/{id}/featured': {
    params: {
      id: string
    }
    query: undefined
    body: {
      rank: number | null
      reason: string
    }
    answer: {
      id: string
      slug: string
      name: string
      category: string | null
      creator_id: string
      status: "draft" | "active" | "inactive" | "archived"
      stopped_because: "admin" | "barred" | "suspended" | "closed" | null
      featured_rank: number | null
      version: number
      provider: string
      model: string
      price_usd: string
      total_calls: number
      total_revenue_usd: string
      average_rating: number
      review_count: number
      created_at: string
      published_at: string | null
    }
  }
  /** Who did what to whom, and why, newest first */
  'GET /api/v1/admin/audit-log': {
    params: undefined
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      actor_id?: string | undefined
      action?: string | undefined
      subject_type?: string | undefined
      subject_id?: string | undefined
      /** The first moment that is shown. */
      from?: string | undefined
      /** The moment before which it ends. */
      to?: string | undefined
    }
    body: undefined
    answer: {
      items: ({
        id: string
        actor_id: string | null
        actor_role: string
        action: string
        subject_type: string
        subject_id: string
        reason: string | null
        details: Record<string, unknown>
        request_id: string | null
        created_at: string
      })[]
      next_cursor: string | null
    }
  }
  /** The platform in figures, at most half a minute old */
  'GET /api/v1/admin/dashboard/stats': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      measured_at: string
      users: {
        creators: number
        developers: number
        admins: number
        suspended: number
        deleted: number
      }
      agents: {
        draft: number
        active: number
        inactive: number
        archived: number
      }
      calls: {
        today: {
          calls: number
          successful: number
          revenue_usd: string
        }
        last_30_days: {
          calls: number
          successful: number
          revenue_usd: string
        }
      }
      reviews_waiting: number
      dead_letters_waiting: number
      queues: ({
        queue: string
        backlog: number | null
      })[]
      estimates: string[]
    }
  }
  /** The feature flags */
  'GET /api/v1/admin/flags': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      items: ({
        name: "enable_crypto_payments" | "enable_blockchain_mint" | "enable_rag" | "enable_webhooks" | "enable_trial_mode" | "maintenance_mode"
        enabled: boolean
        updated_at: string | null
        updated_by: string | null
      })[]
    }
  }
  /** Switch a feature flag */
  'PUT /api/v1/admin/flags/{name}': {
    params: {
      name: "enable_crypto_payments" | "enable_blockchain_mint" | "enable_rag" | "enable_webhooks" | "enable_trial_mode" | "maintenance_mode"
    }
    query: undefined
    body: {
      enabled: boolean
      reason: string
    }
    answer: {
      name: "enable_crypto_payments" | "enable_blockchain_mint" | "enable_rag" | "enable_webhooks" | "enable_trial_mode" | "maintenance_mode"
      enabled: boolean
      updated_at: string | null
      updated_by: string | null
    }
  }
  /** Reviews that wait for a decision, those that have waited longest first */
  'GET /api/v1/admin/moderation/queue': {
    params: undefined
    query: {
      limit?: number | undefined
      cursor?: string | undefined
    }
    body: undefined
    answer: {
      items: ({
        id: string
        agent_id: string
        agent_name: string
        user_id: string
        rating: number
        content: string | null
        reply: string | null
        status: "pending" | "approved" | "rejected"
        revision: number
        reports: number
        report_reasons: string[]
        created_at: string
        queued_at: string
      })[]
      next_cursor: string | null
    }
  }
  /** Let a review be shown */
  'POST /api/v1/admin/moderation/reviews/{id}/approve': {
    params: {
      id: string
    }
    query: undefined
    body: {
      revision?: number | undefined
      reason?: string | undefined
    }
    answer: undefined
  }
  /** Keep a review from being shown */
  'POST /api/v1/admin/moderation/reviews/{id}/reject': {
    params: {
      id: string
    }
    query: undefined
    body: {
      revision?: number | undefined
      reason: string
    }
    answer: undefined
  }
  /** Credit a lot of calls, once per lot id */
  'POST /api/v1/admin/accounts/{userId}/lots': {
    params: {
      userId: string
    }
    query: undefined
    body: {
      id: string
      calls: number
      price_usd: string
    }
    answer: {
      added: boolean
      remaining: number
    }
  }
  /** Add prepaid money for premiums, once per deposit id */
  'POST /api/v1/admin/accounts/{userId}/deposits': {
    params: {
      userId: string
    }
    query: undefined
    body: {
      id: string
      amount_usd: string
    }
    answer: {
      balance_usd: string
    }
  }
  /** The figures of an account’s object */
  'GET /api/v1/admin/accounts/{userId}/quota': {
    params: {
      userId: string
    }
    query: undefined
    body: undefined
    answer: {
      remaining: number
      held: number
      used: number
      granted: number
      balance: number
      rate: {
        limit: number
        remaining: number
        resetMs: number
      }
      unsent: number
      lots: ({
        id: string
        kind: "paid" | "promotional"
        calls: number
        remaining: number
      })[]
    }
  }
  /** Make an API key for a user */
  'POST /api/v1/admin/accounts/{userId}/keys': {
    params: {
      userId: string
    }
    query: undefined
    body: {
      name: string
    }
    answer: {
      id: string
      key: string
      prefix: string
      name: string
    }
  }
  /** Invite a super admin, such as the first */
  'POST /api/v1/admin/accounts': {
    params: undefined
    query: undefined
    body: {
      email: string
    }
    answer: {
      id: string
    }
  }
  /** Revoke a key */
  'DELETE /api/v1/admin/keys/{keyId}': {
    params: {
      keyId: string
    }
    query: undefined
    body: undefined
    answer: undefined
  }
  /** Whether each thing that the platform stands on answers, and how fast */
  'GET /api/v1/admin/system/health': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      status: "up" | "degraded" | "down"
      checked_at: string
      parts: ({
        name: string
        status: "up" | "down"
        latency_ms: number
      })[]
      queues: ({
        queue: string
        backlog: number | null
      })[]
      breakers: ({
        model: string
        state: "closed" | "open" | "half-open" | "unknown"
      })[]
    }
  }
  /** What is counted, for Prometheus */
  'GET /api/v1/admin/system/metrics': {
    params: undefined
    query: undefined
    body: undefined
    answer: string
  }
  /** Drop what Redis keeps of keys and agents */
  'POST /api/v1/admin/system/cache/clear': {
    params: undefined
    query: undefined
    body: {
      reason: string
    }
    answer: {
      dropped: number
      is_all: boolean
    }
  }
  /** Messages that their queues gave up on, the latest first */
  'GET /api/v1/admin/system/dead-letters': {
    params: undefined
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      queue?: string | undefined
      /** Only those that were not sent again yet. */
      waiting?: "true" | "false" | undefined
    }
    body: undefined
    answer: {
      items: ({
        queue: string
        id: string
        attempts: number
        bytes: number
        sent_at: string
        received_at: string
        replayed_at: string | null
      })[]
      next_cursor: string | null
    }
  }
  /** Send such a message again */
  'POST /api/v1/admin/system/dead-letters/{queue}/{id}/replay': {
    params: {
      queue: string
      id: string
    }
    query: undefined
    body: {
      reason: string
    }
    answer: undefined
  }
  /** Accounts, newest first */
  'GET /api/v1/admin/users': {
    params: undefined
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      q?: string | undefined
      user_type?: "creator" | "developer" | "admin" | undefined
      status?: "active" | "suspended" | "deleted" | undefined
    }
    body: undefined
    answer: {
      items: ({
        id: string
        email: string
        user_type: "creator" | "developer" | "admin"
        admin_role: "super_admin" | "moderator" | "support" | null
        status: "active" | "suspended" | "deleted"
        email_verified: boolean
        display_name: string | null
        created_at: string
      })[]
      next_cursor: string | null
    }
  }
  /** Invite an admin */
  'POST /api/v1/admin/users': {
    params: undefined
    query: undefined
    body: {
      email: string
      role: "super_admin" | "moderator" | "support"
      reason: string
    }
    answer: {
      id: string
      email: string
      user_type: "creator" | "developer" | "admin"
      admin_role: "super_admin" | "moderator" | "support" | null
      status: "active" | "suspended" | "deleted"
      email_verified: boolean
      display_name: string | null
      created_at: string
      wallet_address: string | null
      sessions: number
      keys: number
      agents: number
      calls: {
        remaining: number
        used: number
        held: number
        granted: number
      }
      balance_usd: string
    }
  }
  /** One account, with what it has */
  'GET /api/v1/admin/users/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: {
      id: string
      email: string
      user_type: "creator" | "developer" | "admin"
      admin_role: "super_admin" | "moderator" | "support" | null
      status: "active" | "suspended" | "deleted"
      email_verified: boolean
      display_name: string | null
      created_at: string
      wallet_address: string | null
      sessions: number
      keys: number
      agents: number
      calls: {
        remaining: number
        used: number
        held: number
        granted: number
      }
      balance_usd: string
    }
  }
  /** Close an account for good */
  'DELETE /api/v1/admin/users/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: {
      reason: string
      forfeit?: boolean | undefined
    }
    answer: undefined
  }
  /** Suspend or activate an account */
  'PUT /api/v1/admin/users/{id}/status': {
    params: {
      id: string
    }
    query: undefined
    body: {
      status: "active" | "suspended"
      reason: string
    }
    answer: {
      id: string
      email: string
      user_type: "creator" | "developer" | "admin"
      admin_role: "super_admin" | "moderator" | "support" | null
      status: "active" | "suspended" | "deleted"
      email_verified: boolean
      display_name: string | null
      created_at: string
      wallet_address: string | null
      sessions: number
      keys: number
      agents: number
      calls: {
        remaining: number
        used: number
        held: number
        granted: number
      }
      balance_usd: string
    }
  }
  /** Give an account a role, change it or take it */
  'PUT /api/v1/admin/users/{id}/role': {
    params: {
      id: string
    }
    query: undefined
    body: {
      role: "super_admin" | "moderator" | "support" | null
      reason: string
    }
    answer: {
      id: string
      email: string
      user_type: "creator" | "developer" | "admin"
      admin_role: "super_admin" | "moderator" | "support" | null
      status: "active" | "suspended" | "deleted"
      email_verified: boolean
      display_name: string | null
      created_at: string
      wallet_address: string | null
      sessions: number
      keys: number
      agents: number
      calls: {
        remaining: number
        used: number
        held: number
        granted: number
      }
      balance_usd: string
    }
  }
  /** Your profile */
  'GET /api/v1/creators/me': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      id: string
      display_name: string
      bio: string | null
      website: string | null
      avatar_url: string | null
      verified: boolean
      created_at: string
      email: string
      wallet_address: string | null
      wallet_changed_at: string | null
    }
  }
  /** Change your profile */
  'PUT /api/v1/creators/me': {
    params: undefined
    query: undefined
    body: {
      display_name?: string | undefined
      bio?: string | null | undefined
      website?: string | null | undefined
    }
    answer: {
      id: string
      display_name: string
      bio: string | null
      website: string | null
      avatar_url: string | null
      verified: boolean
      created_at: string
      email: string
      wallet_address: string | null
      wallet_changed_at: string | null
    }
  }
  /** Change your picture */
  'PUT /api/v1/creators/me/avatar': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      avatar_url: string
    }
  }
  /** Take your picture away */
  'DELETE /api/v1/creators/me/avatar': {
    params: undefined
    query: undefined
    body: undefined
    answer: undefined
  }
  /** A picture */
  'GET /api/v1/avatars/{file}': {
    params: {
      file: string
    }
    query: undefined
    body: undefined
    answer: string
  }
  /** Ask for the message that proves whose a wallet is */
  'POST /api/v1/creators/me/wallet/challenge': {
    params: undefined
    query: undefined
    body: {
      address: string
    }
    answer: {
      address: string
      message: string
      expires_at: string
    }
  }
  /** Say where you are paid */
  'PUT /api/v1/creators/me/wallet': {
    params: undefined
    query: undefined
    body: {
      address: string
      signature: string
    }
    answer: {
      wallet_address: string
      wallet_changed_at: string
    }
  }
  /** A creator, as everybody sees them */
  'GET /api/v1/creators/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: {
      id: string
      display_name: string
      bio: string | null
      website: string | null
      avatar_url: string | null
      verified: boolean
      created_at: string
    }
  }
  /** Your profile */
  'GET /api/v1/developers/me': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      id: string
      email: string
      display_name: string | null
      company: string | null
      created_at: string
    }
  }
  /** Change your profile */
  'PUT /api/v1/developers/me': {
    params: undefined
    query: undefined
    body: {
      display_name?: string | null | undefined
      company?: string | null | undefined
    }
    answer: {
      id: string
      email: string
      display_name: string | null
      company: string | null
      created_at: string
    }
  }
  /** Have a mail sent with which to choose a new password */
  'POST /api/v1/auth/password/forgot': {
    params: undefined
    query: undefined
    body: {
      email: string
    }
    answer: {
      message: string
    }
  }
  /** Choose a new password with the token from the mail */
  'POST /api/v1/auth/password/reset': {
    params: undefined
    query: undefined
    body: {
      token: string
      password: string
    }
    answer: undefined
  }
  /** Change your password */
  'PUT /api/v1/auth/password': {
    params: undefined
    query: undefined
    body: {
      current_password: string
      new_password: string
    }
    answer: undefined
  }
  /** Open an account */
  'POST /api/v1/auth/register': {
    params: undefined
    query: undefined
    body: {
      user_type: "creator"
      email: string
      password: string
      display_name: string
    } | {
      user_type: "developer"
      email: string
      password: string
      display_name?: string | undefined
    }
    answer: {
      message: string
    }
  }
  /** Confirm an address with the token from the mail, and sign in */
  'POST /api/v1/auth/verify-email': {
    params: undefined
    query: undefined
    body: {
      token: string
      /** How the refresh token travels. Default: `cookie` for a request with the `Origin` of one of our sites, else `body`. */
      transport?: "cookie" | "body" | undefined
    }
    answer: {
      access_token: string
      token_type: "Bearer"
      expires_in: number
      refresh_token?: string | undefined
      user: {
        id: string
        email: string
        user_type: "creator" | "developer" | "admin"
        admin_role: "super_admin" | "moderator" | "support" | null
        email_verified: boolean
        display_name: string | null
        avatar_url: string | null
        created_at: string
      }
    }
  }
  /** Send the verification mail again */
  'POST /api/v1/auth/verify-email/resend': {
    params: undefined
    query: undefined
    body: {
      email: string
    }
    answer: {
      message: string
    }
  }
  /** Sign in */
  'POST /api/v1/auth/login': {
    params: undefined
    query: undefined
    body: {
      email: string
      password: string
      /** How the refresh token travels. Default: `cookie` for a request with the `Origin` of one of our sites, else `body`. */
      transport?: "cookie" | "body" | undefined
    }
    answer: {
      access_token: string
      token_type: "Bearer"
      expires_in: number
      refresh_token?: string | undefined
      user: {
        id: string
        email: string
        user_type: "creator" | "developer" | "admin"
        admin_role: "super_admin" | "moderator" | "support" | null
        email_verified: boolean
        display_name: string | null
        avatar_url: string | null
        created_at: string
      }
    }
  }
  /** Exchange a refresh token for a new one and a new access token */
  'POST /api/v1/auth/refresh': {
    params: undefined
    query: undefined
    body: {
      /** Left out where it is in the cookie. */
      refresh_token?: string | undefined
    } | undefined
    answer: {
      access_token: string
      token_type: "Bearer"
      expires_in: number
      refresh_token?: string | undefined
      user: {
        id: string
        email: string
        user_type: "creator" | "developer" | "admin"
        admin_role: "super_admin" | "moderator" | "support" | null
        email_verified: boolean
        display_name: string | null
        avatar_url: string | null
        created_at: string
      }
    }
  }
  /** Sign out here */
  'POST /api/v1/auth/logout': {
    params: undefined
    query: undefined
    body: {
      /** Left out where it is in the cookie. */
      refresh_token?: string | undefined
    } | undefined
    answer: undefined
  }
  /** Sign out everywhere */
  'POST /api/v1/auth/logout/all': {
    params: undefined
    query: undefined
    body: undefined
    answer: undefined
  }
  /** Where you are signed in, the newest first */
  'GET /api/v1/auth/sessions': {
    params: undefined
    query: {
      limit?: number | undefined
      cursor?: string | undefined
    }
    body: undefined
    answer: {
      items: ({
        id: string
        user_agent: string | null
        is_current: boolean
        created_at: string
        last_used_at: string
        expires_at: string
      })[]
      next_cursor: string | null
    }
  }
  /** Sign out somewhere else */
  'DELETE /api/v1/auth/sessions/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: undefined
  }
  /** What one of your agents did and earned, day by day */
  'GET /api/v1/agents/{id}/analytics': {
    params: {
      id: string
    }
    query: {
      /** The first day, in UTC. Default: 29 days before `to`. */
      from?: string | undefined
      /** The last day, in UTC. Default: today. */
      to?: string | undefined
    }
    body: undefined
    answer: {
      period: {
        from: string
        to: string
      }
      totals: {
        calls: number
        successful: number
        errors: number
        /** Accounts that called, each counted once; of a whole period a lower bound beyond 50,000. */
        users: number
        /** What the calls earned, before the fee. */
        revenue_usd: string
        fee_usd: string
        net_usd: string
        input_tokens: number
        output_tokens: number
        /** Of the successful calls, within 10 %. */
        latency_ms: {
          p50: number | null
          p95: number | null
        }
        /** Charged calls by what they were paid with. */
        funding: {
          paid: number
          promotional: number
          trial: number
        }
      }
      days: ({
        calls: number
        successful: number
        errors: number
        /** Accounts that called, each counted once; of a whole period a lower bound beyond 50,000. */
        users: number
        /** What the calls earned, before the fee. */
        revenue_usd: string
        fee_usd: string
        net_usd: string
        input_tokens: number
        output_tokens: number
        /** Of the successful calls, within 10 %. */
        latency_ms: {
          p50: number | null
          p95: number | null
        }
        /** Charged calls by what they were paid with. */
        funding: {
          paid: number
          promotional: number
          trial: number
        }
        day: string
      })[]
    }
  }
  /** Calls of your agents, the newest first, some seconds after they ended */
  'GET /api/v1/creators/me/calls': {
    params: undefined
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      agent_id?: string | undefined
      status?: "success" | "error" | "timeout" | undefined
      /** The earliest end of a call. */
      from?: string | undefined
      /** Before which a call ended. */
      to?: string | undefined
    }
    body: undefined
    answer: {
      items: ({
        agent_id: string
        agent_version: number
        stream: boolean
        status: "success" | "error" | "timeout"
        error_code: string | null
        funding: "paid" | "promotional" | "trial" | null
        price_usd: string
        /** What counts as yours, before the platform’s share. */
        revenue_usd: string
        latency_ms: number
        created_at: string
      })[]
      next_cursor: string | null
    }
  }
  /** What your agents did and earned, day by day */
  'GET /api/v1/creators/me/analytics': {
    params: undefined
    query: {
      /** The first day, in UTC. Default: 29 days before `to`. */
      from?: string | undefined
      /** The last day, in UTC. Default: today. */
      to?: string | undefined
      /** One of your agents; any other is one without calls. */
      agent_id?: string | undefined
    }
    body: undefined
    answer: {
      period: {
        from: string
        to: string
      }
      totals: {
        calls: number
        successful: number
        errors: number
        /** Accounts that called, each counted once; of a whole period a lower bound beyond 50,000. */
        users: number
        /** What the calls earned, before the fee. */
        revenue_usd: string
        fee_usd: string
        net_usd: string
        input_tokens: number
        output_tokens: number
        /** Of the successful calls, within 10 %. */
        latency_ms: {
          p50: number | null
          p95: number | null
        }
        /** Charged calls by what they were paid with. */
        funding: {
          paid: number
          promotional: number
          trial: number
        }
      }
      days: ({
        calls: number
        successful: number
        errors: number
        /** Accounts that called, each counted once; of a whole period a lower bound beyond 50,000. */
        users: number
        /** What the calls earned, before the fee. */
        revenue_usd: string
        fee_usd: string
        net_usd: string
        input_tokens: number
        output_tokens: number
        /** Of the successful calls, within 10 %. */
        latency_ms: {
          p50: number | null
          p95: number | null
        }
        /** Charged calls by what they were paid with. */
        funding: {
          paid: number
          promotional: number
          trial: number
        }
        day: string
      })[]
    }
  }
  /** What your agents did and earned, day by day, as CSV */
  'GET /api/v1/creators/me/analytics.csv': {
    params: undefined
    query: {
      /** The first day, in UTC. Default: 29 days before `to`. */
      from?: string | undefined
      /** The last day, in UTC. Default: today. */
      to?: string | undefined
      /** One of your agents; any other is one without calls. */
      agent_id?: string | undefined
    }
    body: undefined
    answer: string
  }
  /** What your account has called, by page numbers @deprecated */
  'GET /api/v1/developers/usage': {
    params: undefined
    query: {
      /** The first day, in UTC. Default: 29 days before `to`. */
      from?: string | undefined
      /** The last day, in UTC. Default: today. */
      to?: string | undefined
      /** Days come newest first, everything else by the number of calls. */
      group_by?: "day" | "agent" | "key" | "status" | undefined
      page?: number | undefined
      per_page?: number | undefined
    }
    body: undefined
    answer: {
      period: {
        from: string
        to: string
      }
      group_by: "day" | "agent" | "key" | "status"
      totals: {
        calls: number
        successful: number
        failed: number
        cost_usd: string
        input_tokens: number
        output_tokens: number
        /** Of the successful calls, or in groups by status of the calls of that status; within 10 %. */
        latency_ms: {
          p50: number | null
          p95: number | null
        }
      }
      items: ({
        calls: number
        successful: number
        failed: number
        cost_usd: string
        input_tokens: number
        output_tokens: number
        /** Of the successful calls, or in groups by status of the calls of that status; within 10 %. */
        latency_ms: {
          p50: number | null
          p95: number | null
        }
        day?: string | undefined
        agent_id?: string | undefined
        api_key_id?: string | undefined
        status?: "success" | "error" | "timeout" | undefined
      })[]
      page: number
      per_page: number
      /** Groups on all pages. */
      total: number
    }
  }
  /** What your account has called, as CSV */
  'GET /api/v1/developers/usage.csv': {
    params: undefined
    query: {
      /** The first day, in UTC. Default: 29 days before `to`. */
      from?: string | undefined
      /** The last day, in UTC. Default: today. */
      to?: string | undefined
      /** Days come newest first, everything else by the number of calls. */
      group_by?: "day" | "agent" | "key" | "status" | undefined
    }
    body: undefined
    answer: string
  }
  /** Your calls day by day, by the agents you called most */
  'GET /api/v1/developers/analytics': {
    params: undefined
    query: {
      /** The first day, in UTC. Default: 29 days before `to`. */
      from?: string | undefined
      /** The last day, in UTC. Default: today. */
      to?: string | undefined
      top?: number | undefined
    }
    body: undefined
    answer: {
      period: {
        from: string
        to: string
      }
      /** The agents called most, in that order. */
      agents: string[]
      days: ({
        day: string
        /** In the order of `agents`; without calls, not there. */
        agents: ({
          calls: number
          cost_usd: string
          agent_id: string
        })[]
        /** All other agents together. */
        others: {
          calls: number
          cost_usd: string
        }
      })[]
    }
  }
  /** The models that an agent may be built on, with their limits and what they cost */
  'GET /api/v1/models': {
    params: undefined
    query: {
      /** The longest answer to reckon with. */
      max_tokens?: number | undefined
      /** The length of the prompt. */
      prompt_chars?: number | undefined
    }
    body: undefined
    answer: {
      costs_as_of: string
      input_tokens: number
      models: ({
        provider: string
        model: string
        context_tokens: number
        output_tokens_max: number
        refused_parameters: string[]
        input_usd_per_million_tokens: string
        output_usd_per_million_tokens: string
        worst_case_usd: string
      })[]
    }
  }
  /** The versions of an agent, newest first */
  'GET /api/v1/agents/{id}/versions': {
    params: {
      id: string
    }
    query: {
      limit?: number | undefined
      cursor?: string | undefined
    }
    body: undefined
    answer: {
      items: ({
        version: number
        is_current: boolean
        provider: string
        model: string
        price_per_call: string
        created_at: string
      })[]
      next_cursor: string | null
    }
  }
  /** One version of an agent */
  'GET /api/v1/agents/{id}/versions/{version}': {
    params: {
      id: string
      version: number
    }
    query: undefined
    body: undefined
    answer: {
      version: number
      is_current: boolean
      provider: string
      model: string
      price_per_call: string
      created_at: string
    }
  }
  /** Make an earlier version the newest again */
  'POST /api/v1/agents/{id}/versions/{version}/restore': {
    params: {
      id: string
      version: number
    }
    query: undefined
    body: undefined
    answer: {
      id: string
      slug: string
      name: string
      description: string | null
      category: string | null
      status: "draft" | "active" | "inactive" | "archived"
      version: number
      statistics: {
        total_calls: number
        total_revenue_usd: string
        average_rating: number
        review_count: number
      }
      created_at: string
      updated_at: string
      published_at: string | null
      config: {
        model: string
        provider: "openai" | "anthropic" | "google"
        temperature: number
        max_tokens: number
        top_p: number
        price_per_call: string
        knowledge_base?: {
          enabled: boolean
          file_ids: string[]
          chunk_size: number
          chunk_overlap: number
          top_k: number
          similarity_threshold: number
          citations: boolean
          allow_quoting: boolean
        } | undefined
        allow: {
          temperature: boolean
          top_p: boolean
          max_tokens: boolean
          stop: boolean
          tools: boolean
          response_format: boolean
          images: boolean
        }
      }
      /** How long the prompt is, and a fingerprint of it. The prompt itself is shown by `GET …/prompt` alone. */
      prompt: {
        chars: number
        sha256: string
      }
      token: {
        id: string
        tx_hash: string | null
      } | null
      /** What you should know and may decide otherwise. */
      warnings: ({
        field: string
        problem: string
      })[]
    }
  }
  /** The prompt of your agent */
  'GET /api/v1/agents/{id}/prompt': {
    params: {
      id: string
    }
    query: {
      /** Left out: the newest. */
      version?: number | undefined
    }
    body: undefined
    answer: {
      agent_id: string
      version: number
      system_prompt: string
    }
  }
  /** Make an agent, as a draft */
  'POST /api/v1/agents': {
    params: undefined
    query: undefined
    body: {
      name: string
      description?: string | null | undefined
      category?: "writing" | "code" | "data" | "research" | "education" | "support" | "legal" | "finance" | "marketing" | "design" | "translation" | "other" | null | undefined
      /** Made from the name if left out. It stays the same for the life of the agent. */
      slug?: string | undefined
      config: {
        system_prompt: string
        model: string
        provider: "openai" | "anthropic" | "google"
        temperature: number
        max_tokens: number
        top_p: number
        price_per_call: string
        knowledge_base?: {
          enabled: boolean
          file_ids?: string[] | undefined
          chunk_size?: number | undefined
          chunk_overlap?: number | undefined
          top_k?: number | undefined
          similarity_threshold?: number | undefined
          citations?: boolean | undefined
          allow_quoting?: boolean | undefined
        } | undefined
        allow?: {
          temperature?: boolean | undefined
          top_p?: boolean | undefined
          max_tokens?: boolean | undefined
          stop?: boolean | undefined
          tools?: boolean | undefined
          response_format?: boolean | undefined
          images?: boolean | undefined
        } | undefined
      }
    }
    answer: {
      id: string
      slug: string
      name: string
      description: string | null
      category: string | null
      status: "draft" | "active" | "inactive" | "archived"
      version: number
      statistics: {
        total_calls: number
        total_revenue_usd: string
        average_rating: number
        review_count: number
      }
      created_at: string
      updated_at: string
      published_at: string | null
      config: {
        model: string
        provider: "openai" | "anthropic" | "google"
        temperature: number
        max_tokens: number
        top_p: number
        price_per_call: string
        knowledge_base?: {
          enabled: boolean
          file_ids: string[]
          chunk_size: number
          chunk_overlap: number
          top_k: number
          similarity_threshold: number
          citations: boolean
          allow_quoting: boolean
        } | undefined
        allow: {
          temperature: boolean
          top_p: boolean
          max_tokens: boolean
          stop: boolean
          tools: boolean
          response_format: boolean
          images: boolean
        }
      }
      /** How long the prompt is, and a fingerprint of it. The prompt itself is shown by `GET …/prompt` alone. */
      prompt: {
        chars: number
        sha256: string
      }
      token: {
        id: string
        tx_hash: string | null
      } | null
      /** What you should know and may decide otherwise. */
      warnings: ({
        field: string
        problem: string
      })[]
    }
  }
  /** Your agents, newest first */
  'GET /api/v1/agents': {
    params: undefined
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      /** Left out: all that are not archived. */
      status?: "draft" | "active" | "inactive" | "archived" | undefined
    }
    body: undefined
    answer: {
      items: ({
        id: string
        slug: string
        name: string
        description: string | null
        category: string | null
        status: "draft" | "active" | "inactive" | "archived"
        version: number
        statistics: {
          total_calls: number
          total_revenue_usd: string
          average_rating: number
          review_count: number
        }
        created_at: string
        updated_at: string
        published_at: string | null
        provider: string
        model: string
        price_per_call: string
      })[]
      next_cursor: string | null
    }
  }
  /** One of your agents */
  'GET /api/v1/agents/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: {
      id: string
      slug: string
      name: string
      description: string | null
      category: string | null
      status: "draft" | "active" | "inactive" | "archived"
      version: number
      statistics: {
        total_calls: number
        total_revenue_usd: string
        average_rating: number
        review_count: number
      }
      created_at: string
      updated_at: string
      published_at: string | null
      config: {
        model: string
        provider: "openai" | "anthropic" | "google"
        temperature: number
        max_tokens: number
        top_p: number
        price_per_call: string
        knowledge_base?: {
          enabled: boolean
          file_ids: string[]
          chunk_size: number
          chunk_overlap: number
          top_k: number
          similarity_threshold: number
          citations: boolean
          allow_quoting: boolean
        } | undefined
        allow: {
          temperature: boolean
          top_p: boolean
          max_tokens: boolean
          stop: boolean
          tools: boolean
          response_format: boolean
          images: boolean
        }
      }
      /** How long the prompt is, and a fingerprint of it. The prompt itself is shown by `GET …/prompt` alone. */
      prompt: {
        chars: number
        sha256: string
      }
      token: {
        id: string
        tx_hash: string | null
      } | null
    }
  }
  /** Change an agent; the version before stays in its history */
  'PUT /api/v1/agents/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: {
      name?: string | undefined
      description?: string | null | undefined
      category?: "writing" | "code" | "data" | "research" | "education" | "support" | "legal" | "finance" | "marketing" | "design" | "translation" | "other" | null | undefined
      /** The version that you have read: if there is a newer one, 409. */
      version?: number | undefined
      /** What is left out stays as it is. */
      config?: {
        system_prompt?: string | undefined
        model?: string | undefined
        provider?: "openai" | "anthropic" | "google" | undefined
        temperature?: number | undefined
        max_tokens?: number | undefined
        top_p?: number | undefined
        price_per_call?: string | undefined
        knowledge_base?: {
          enabled?: boolean | undefined
          file_ids?: string[] | undefined
          chunk_size?: number | undefined
          chunk_overlap?: number | undefined
          top_k?: number | undefined
          similarity_threshold?: number | undefined
          citations?: boolean | undefined
          allow_quoting?: boolean | undefined
        } | null | undefined
        allow?: Record<string, boolean> | undefined
      } | undefined
    }
    answer: {
      id: string
      slug: string
      name: string
      description: string | null
      category: string | null
      status: "draft" | "active" | "inactive" | "archived"
      version: number
      statistics: {
        total_calls: number
        total_revenue_usd: string
        average_rating: number
        review_count: number
      }
      created_at: string
      updated_at: string
      published_at: string | null
      config: {
        model: string
        provider: "openai" | "anthropic" | "google"
        temperature: number
        max_tokens: number
        top_p: number
        price_per_call: string
        knowledge_base?: {
          enabled: boolean
          file_ids: string[]
          chunk_size: number
          chunk_overlap: number
          top_k: number
          similarity_threshold: number
          citations: boolean
          allow_quoting: boolean
        } | undefined
        allow: {
          temperature: boolean
          top_p: boolean
          max_tokens: boolean
          stop: boolean
          tools: boolean
          response_format: boolean
          images: boolean
        }
      }
      /** How long the prompt is, and a fingerprint of it. The prompt itself is shown by `GET …/prompt` alone. */
      prompt: {
        chars: number
        sha256: string
      }
      token: {
        id: string
        tx_hash: string | null
      } | null
      /** What you should know and may decide otherwise. */
      warnings: ({
        field: string
        problem: string
      })[]
    }
  }
  /** Archive an agent */
  'DELETE /api/v1/agents/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: undefined
  }
  /** Publish an agent */
  'POST /api/v1/agents/{id}/publish': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: {
      id: string
      slug: string
      name: string
      description: string | null
      category: string | null
      status: "draft" | "active" | "inactive" | "archived"
      version: number
      statistics: {
        total_calls: number
        total_revenue_usd: string
        average_rating: number
        review_count: number
      }
      created_at: string
      updated_at: string
      published_at: string | null
      config: {
        model: string
        provider: "openai" | "anthropic" | "google"
        temperature: number
        max_tokens: number
        top_p: number
        price_per_call: string
        knowledge_base?: {
          enabled: boolean
          file_ids: string[]
          chunk_size: number
          chunk_overlap: number
          top_k: number
          similarity_threshold: number
          citations: boolean
          allow_quoting: boolean
        } | undefined
        allow: {
          temperature: boolean
          top_p: boolean
          max_tokens: boolean
          stop: boolean
          tools: boolean
          response_format: boolean
          images: boolean
        }
      }
      /** How long the prompt is, and a fingerprint of it. The prompt itself is shown by `GET …/prompt` alone. */
      prompt: {
        chars: number
        sha256: string
      }
      token: {
        id: string
        tx_hash: string | null
      } | null
      /** What you should know and may decide otherwise. */
      warnings: ({
        field: string
        problem: string
      })[]
    }
  }
  /** Take an agent out of service */
  'POST /api/v1/agents/{id}/unpublish': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: {
      id: string
      slug: string
      name: string
      description: string | null
      category: string | null
      status: "draft" | "active" | "inactive" | "archived"
      version: number
      statistics: {
        total_calls: number
        total_revenue_usd: string
        average_rating: number
        review_count: number
      }
      created_at: string
      updated_at: string
      published_at: string | null
      config: {
        model: string
        provider: "openai" | "anthropic" | "google"
        temperature: number
        max_tokens: number
        top_p: number
        price_per_call: string
        knowledge_base?: {
          enabled: boolean
          file_ids: string[]
          chunk_size: number
          chunk_overlap: number
          top_k: number
          similarity_threshold: number
          citations: boolean
          allow_quoting: boolean
        } | undefined
        allow: {
          temperature: boolean
          top_p: boolean
          max_tokens: boolean
          stop: boolean
          tools: boolean
          response_format: boolean
          images: boolean
        }
      }
      /** How long the prompt is, and a fingerprint of it. The prompt itself is shown by `GET …/prompt` alone. */
      prompt: {
        chars: number
        sha256: string
      }
      token: {
        id: string
        tx_hash: string | null
      } | null
    }
  }
  /** Which chain, and which contracts */
  'GET /api/v1/chain/status': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      chain: {
        id: number
        name: string
        explorer: string | null
      }
      agent_token: string
      settlement: string
      usdc: string
      /** The accounts that mint and pay. */
      signers: {
        mint: string
        settle: string
      }
      is_minting: boolean
      is_paying: boolean
      /** Events of all blocks before this one are in the lists. */
      next_block: number
    }
  }
  /** Whose an agent is */
  'GET /api/v1/chain/agents/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: {
      agent_id: string
      state: "none" | "queued" | "signed" | "broadcast" | "mined" | "safe" | "final" | "blocked_wallet" | "conflict" | "failed"
      reason: string | null
      chain: {
        id: number
        name: string
        explorer: string | null
      }
      contract: string
      /** A decimal number: the keccak256 of the agent’s id. */
      token_id: string
      /** The wallet for which it was minted. */
      creator: string | null
      metadata_hash: string | null
      metadata_path: string | null
      tx_hash: string | null
      block_number: number | null
      /** What the contract answers at this moment; null if it has no token yet, or cannot be asked. */
      on_chain: {
        owner: string | null
        creator: string
        metadata_hash: string
        created_at: string
        is_retired: boolean
      } | null
      /** Whether the contract says what is said here; null if it cannot be asked. */
      is_verified: boolean | null
    }
  }
  /** What was paid to a wallet, newest first */
  'GET /api/v1/chain/settlements': {
    params: undefined
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      /** The wallet. */
      creator: string
    }
    body: undefined
    answer: {
      items: ({
        /** The id on chain: 32 bytes in hexadecimal. */
        id: string
        amount_usdc: string
        /** The token refused the wallet; the contract holds the amount for it, see `withdraw`. */
        credited: boolean
        tx_hash: string
        block_number: number
        settled_at: string
      })[]
      next_cursor: string | null
    }
  }
  /** The JSON of a token */
  'GET /api/v1/chain/tokens/{file}': {
    params: {
      file: string
    }
    query: undefined
    body: undefined
    answer: string
  }
  /** The JSON of all tokens together (ERC-7572) */
  'GET /api/v1/chain/collection.json': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      name: string
      description: string
      external_link: string
    }
  }
  /** How minting and paying on chain stand */
  'GET /api/v1/admin/chain/signers': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      signers: ({
        name: "mint" | "settle"
        address: string
        next_nonce: number | null
        /** How many there are in each state that is not over. */
        jobs: Record<string, number>
        /** How many wait for their own sake, by reason. */
        held: Record<string, number>
        unmined: {
          count: number
          nonce: number | null
          /** Of the transaction that the others wait for, the newest first. */
          hashes: string[]
        }
        /** What it has for gas; null while the node does not answer. */
        gas_gwei: string | null
        halted: {
          reason: string
          at: string
        } | null
        paused: {
          reason: string
          since: string
        } | null
      })[]
      /** What a coin of the chain is booked at; null: gas is not booked. */
      native_usd: string | null
      /** Transactions of which the cost is not in the ledger, as far as 100. */
      unbooked_costs: number
      /** Where the chain and what we hold say different things. */
      differences: ({
        kind: string
        id: string
        tx_hash: string | null
        block_number: number
      })[]
    }
  }
  /** Let a signer go on that has halted */
  'POST /api/v1/admin/chain/signers/{name}/resume': {
    params: {
      name: "mint" | "settle"
    }
    query: undefined
    body: {
      reason: string
    }
    answer: undefined
  }
  /** Call an agent */
  'POST /proxy/v1/agents/{agentId}/chat': {
    params: {
      /** The agent’s id or slug. */
      agentId: string
    }
    query: undefined
    body: {
      messages: ({
        role: "user"
        content: string | ({
          type: "text"
          text: string
        } | {
          type: "image_url"
          image_url: {
            url: string
            detail?: "auto" | "low" | "high" | undefined
          }
        })[]
        name?: string | undefined
      } | {
        role: "assistant"
        content?: string | ({
          type: "text"
          text: string
        })[] | null | undefined
        tool_calls?: ({
          id: string
          type?: "function" | undefined
          function: {
            name: string
            arguments: string
          }
        })[] | null | undefined
        refusal?: string | null | undefined
        name?: string | undefined
        annotations?: unknown[] | null | undefined
        audio?: null | undefined
        function_call?: null | undefined
      } | {
        role: "tool"
        tool_call_id: string
        content: string | ({
          type: "text"
          text: string
        })[]
      })[]
      stream?: boolean | null | undefined
      stream_options?: {
        include_usage?: boolean | undefined
        include_obfuscation?: boolean | undefined
      } | null | undefined
      temperature?: number | null | undefined
      top_p?: number | null | undefined
      max_tokens?: number | null | undefined
      stop?: string | string[] | null | undefined
      tools?: ({
        type: "function"
        function: {
          name: string
          description?: string | undefined
          parameters?: Record<string, unknown> | undefined
          strict?: boolean | null | undefined
        }
      })[] | null | undefined
      tool_choice?: "auto" | "none" | "required" | {
        type: "function"
        function: {
          name: string
        }
      } | null | undefined
      parallel_tool_calls?: boolean | null | undefined
      response_format?: {
        type: "text"
      } | {
        type: "json_object"
      } | {
        type: "json_schema"
        json_schema: {
          name: string
          description?: string | undefined
          schema?: Record<string, unknown> | undefined
          strict?: boolean | null | undefined
        }
      } | null | undefined
    }
    answer: string
  }
  /** Call an agent, in OpenAI’s dialect */
  'POST /v1/chat/completions': {
    params: undefined
    query: undefined
    body: {
      model: string
      messages: ({
        role: "user"
        content: string | ({
          type: "text"
          text: string
        } | {
          type: "image_url"
          image_url: {
            url: string
            detail?: "auto" | "low" | "high" | undefined
          }
        })[]
        name?: string | undefined
      } | {
        role: "assistant"
        content?: string | ({
          type: "text"
          text: string
        })[] | null | undefined
        tool_calls?: ({
          id: string
          type?: "function" | undefined
          function: {
            name: string
            arguments: string
          }
        })[] | null | undefined
        refusal?: string | null | undefined
        name?: string | undefined
        annotations?: unknown[] | null | undefined
        audio?: null | undefined
        function_call?: null | undefined
      } | {
        role: "tool"
        tool_call_id: string
        content: string | ({
          type: "text"
          text: string
        })[]
      } | {
        role: "system"
        content: string | ({
          type: "text"
          text: string
        })[]
        name?: string | undefined
      } | {
        role: "developer"
        content: string | ({
          type: "text"
          text: string
        })[]
        name?: string | undefined
      })[]
      stream?: boolean | null | undefined
      stream_options?: {
        include_usage?: boolean | undefined
        include_obfuscation?: boolean | undefined
      } | null | undefined
      temperature?: number | null | undefined
      top_p?: number | null | undefined
      max_tokens?: number | null | undefined
      stop?: string | string[] | null | undefined
      tools?: ({
        type: "function"
        function: {
          name: string
          description?: string | undefined
          parameters?: Record<string, unknown> | undefined
          strict?: boolean | null | undefined
        }
      })[] | null | undefined
      tool_choice?: "auto" | "none" | "required" | {
        type: "function"
        function: {
          name: string
        }
      } | null | undefined
      parallel_tool_calls?: boolean | null | undefined
      response_format?: {
        type: "text"
      } | {
        type: "json_object"
      } | {
        type: "json_schema"
        json_schema: {
          name: string
          description?: string | undefined
          schema?: Record<string, unknown> | undefined
          strict?: boolean | null | undefined
        }
      } | null | undefined
      max_completion_tokens?: number | null | undefined
      n?: 1 | null | undefined
      frequency_penalty?: 0 | null | undefined
      presence_penalty?: 0 | null | undefined
      logit_bias?: Record<string, unknown> | null | undefined
      logprobs?: false | null | undefined
      top_logprobs?: 0 | null | undefined
      modalities?: ["text"] | null | undefined
      service_tier?: "auto" | "default" | null | undefined
      store?: false | null | undefined
      metadata?: Record<string, string> | null | undefined
      seed?: number | null | undefined
      user?: string | null | undefined
      safety_identifier?: string | null | undefined
      prompt_cache_key?: string | null | undefined
      reasoning_effort?: null | undefined
      verbosity?: null | undefined
      prediction?: null | undefined
      audio?: null | undefined
      web_search_options?: null | undefined
    }
    answer: string
  }
  /** The published agents, as OpenAI lists models */
  'GET /v1/models': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      object: "list"
      data: ({
        id: string
        object: "model"
        created: number
        owned_by: string
        agent_id: string
        slug: string
        name: string
        description: string | null
        category: string | null
        provider: string
        model: string
        price_per_call: string
      })[]
    }
  }
  /** Try your agent, as it is or as it would be with `config` */
  'POST /api/v1/agents/{id}/preview': {
    params: {
      id: string
    }
    query: undefined
    body: {
      messages: ({
        role: "user"
        content: string | ({
          type: "text"
          text: string
        } | {
          type: "image_url"
          image_url: {
            url: string
            detail?: "auto" | "low" | "high" | undefined
          }
        })[]
        name?: string | undefined
      } | {
        role: "assistant"
        content?: string | ({
          type: "text"
          text: string
        })[] | null | undefined
        tool_calls?: ({
          id: string
          type?: "function" | undefined
          function: {
            name: string
            arguments: string
          }
        })[] | null | undefined
        refusal?: string | null | undefined
        name?: string | undefined
        annotations?: unknown[] | null | undefined
        audio?: null | undefined
        function_call?: null | undefined
      } | {
        role: "tool"
        tool_call_id: string
        content: string | ({
          type: "text"
          text: string
        })[]
      })[]
      stream?: boolean | null | undefined
      stream_options?: {
        include_usage?: boolean | undefined
        include_obfuscation?: boolean | undefined
      } | null | undefined
      temperature?: number | null | undefined
      top_p?: number | null | undefined
      max_tokens?: number | null | undefined
      stop?: string | string[] | null | undefined
      tools?: ({
        type: "function"
        function: {
          name: string
          description?: string | undefined
          parameters?: Record<string, unknown> | undefined
          strict?: boolean | null | undefined
        }
      })[] | null | undefined
      tool_choice?: "auto" | "none" | "required" | {
        type: "function"
        function: {
          name: string
        }
      } | null | undefined
      parallel_tool_calls?: boolean | null | undefined
      response_format?: {
        type: "text"
      } | {
        type: "json_object"
      } | {
        type: "json_schema"
        json_schema: {
          name: string
          description?: string | undefined
          schema?: Record<string, unknown> | undefined
          strict?: boolean | null | undefined
        }
      } | null | undefined
      config?: {
        system_prompt?: string | undefined
        model?: string | undefined
        provider?: "openai" | "anthropic" | "google" | undefined
        temperature?: number | undefined
        max_tokens?: number | undefined
        top_p?: number | undefined
        price_per_call?: string | undefined
        knowledge_base?: {
          enabled?: boolean | undefined
          file_ids?: string[] | undefined
          chunk_size?: number | undefined
          chunk_overlap?: number | undefined
          top_k?: number | undefined
          similarity_threshold?: number | undefined
          citations?: boolean | undefined
          allow_quoting?: boolean | undefined
        } | null | undefined
        allow?: Record<string, boolean> | undefined
      } | undefined
    }
    answer: string
  }
  /** Hand in a document */
  'POST /api/v1/agents/{id}/knowledge': {
    params: {
      id: string
    }
    query: {
      /** What people call the file. Its ending says what it is. */
      filename: string
    }
    body: undefined
    answer: {
      id: string
      agent_id: string
      filename: string
      type: "pdf" | "docx" | "html" | "markdown" | "csv" | "text"
      bytes: number
      sha256: string
      /** Of the newest reading. `in_use` says whether answers rest on the file, perhaps as it was read before. */
      status: "uploaded" | "extracting" | "embedding" | "ready" | "failed"
      /** Why it failed, and what to do about it. */
      problem: string | null
      in_use: boolean
      /** It repeats 50 or more characters of the prompt, which the guard withholds all the same. */
      repeats_prompt: boolean
      statistics: {
        chunks: number
        embedded: number
        pages: number | null
        chars: number
        chunk_size: number
        chunk_overlap: number
      }
      created_at: string
      updated_at: string
      processed_at: string | null
      is_new: boolean
    }
  }
  /** The documents of an agent, newest first */
  'GET /api/v1/agents/{id}/knowledge': {
    params: {
      id: string
    }
    query: {
      limit?: number | undefined
      cursor?: string | undefined
    }
    body: undefined
    answer: {
      items: ({
        id: string
        agent_id: string
        filename: string
        type: "pdf" | "docx" | "html" | "markdown" | "csv" | "text"
        bytes: number
        sha256: string
        /** Of the newest reading. `in_use` says whether answers rest on the file, perhaps as it was read before. */
        status: "uploaded" | "extracting" | "embedding" | "ready" | "failed"
        /** Why it failed, and what to do about it. */
        problem: string | null
        in_use: boolean
        /** It repeats 50 or more characters of the prompt, which the guard withholds all the same. */
        repeats_prompt: boolean
        statistics: {
          chunks: number
          embedded: number
          pages: number | null
          chars: number
          chunk_size: number
          chunk_overlap: number
        }
        created_at: string
        updated_at: string
        processed_at: string | null
      })[]
      next_cursor: string | null
      account: {
        files: number
        files_max: number
        bytes: number
        bytes_max: number
      }
    }
  }
  /** Remove all documents of an agent */
  'DELETE /api/v1/agents/{id}/knowledge': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: undefined
  }
  /** Try a question on the documents of an agent */
  'POST /api/v1/agents/{id}/knowledge/query': {
    params: {
      id: string
    }
    query: undefined
    body: {
      query: string
      /** Default: the agent’s own. */
      top_k?: number | undefined
      /** Default: the agent’s own. */
      similarity_threshold?: number | undefined
    }
    answer: {
      chunks: ({
        file_id: string
        filename: string
        place: number
        page: number | null
        heading: string | null
        content: string
        /** The cosine of question and chunk. */
        similarity: number
        /** How well its words fit; null where none does. */
        words_score: number | null
        fused_score: number
        /** Near enough, and among the best. */
        is_used: boolean
      })[]
    }
  }
  /** One document: its state and figures */
  'GET /api/v1/agents/{id}/knowledge/{fileId}': {
    params: {
      id: string
      fileId: string
    }
    query: undefined
    body: undefined
    answer: {
      id: string
      agent_id: string
      filename: string
      type: "pdf" | "docx" | "html" | "markdown" | "csv" | "text"
      bytes: number
      sha256: string
      /** Of the newest reading. `in_use` says whether answers rest on the file, perhaps as it was read before. */
      status: "uploaded" | "extracting" | "embedding" | "ready" | "failed"
      /** Why it failed, and what to do about it. */
      problem: string | null
      in_use: boolean
      /** It repeats 50 or more characters of the prompt, which the guard withholds all the same. */
      repeats_prompt: boolean
      statistics: {
        chunks: number
        embedded: number
        pages: number | null
        chars: number
        chunk_size: number
        chunk_overlap: number
      }
      created_at: string
      updated_at: string
      processed_at: string | null
    }
  }
  /** Put another document in the place of one */
  'PUT /api/v1/agents/{id}/knowledge/{fileId}': {
    params: {
      id: string
      fileId: string
    }
    query: {
      /** What people call the file. Its ending says what it is. */
      filename: string
    }
    body: undefined
    answer: {
      id: string
      agent_id: string
      filename: string
      type: "pdf" | "docx" | "html" | "markdown" | "csv" | "text"
      bytes: number
      sha256: string
      /** Of the newest reading. `in_use` says whether answers rest on the file, perhaps as it was read before. */
      status: "uploaded" | "extracting" | "embedding" | "ready" | "failed"
      /** Why it failed, and what to do about it. */
      problem: string | null
      in_use: boolean
      /** It repeats 50 or more characters of the prompt, which the guard withholds all the same. */
      repeats_prompt: boolean
      statistics: {
        chunks: number
        embedded: number
        pages: number | null
        chars: number
        chunk_size: number
        chunk_overlap: number
      }
      created_at: string
      updated_at: string
      processed_at: string | null
    }
  }
  /** Remove a document */
  'DELETE /api/v1/agents/{id}/knowledge/{fileId}': {
    params: {
      id: string
      fileId: string
    }
    query: undefined
    body: undefined
    answer: undefined
  }
  /** A document as it was cut into chunks */
  'GET /api/v1/agents/{id}/knowledge/{fileId}/chunks': {
    params: {
      id: string
      fileId: string
    }
    query: {
      limit?: number | undefined
      cursor?: string | undefined
    }
    body: undefined
    answer: {
      items: ({
        place: number
        page: number | null
        heading: string | null
        content: string
      })[]
      next_cursor: string | null
    }
  }
  /** Download a document as it was handed in */
  'GET /api/v1/agents/{id}/knowledge/{fileId}/content': {
    params: {
      id: string
      fileId: string
    }
    query: undefined
    body: undefined
    answer: string
  }
  /** Read a document anew */
  'POST /api/v1/agents/{id}/knowledge/{fileId}/reindex': {
    params: {
      id: string
      fileId: string
    }
    query: undefined
    body: undefined
    answer: {
      id: string
      agent_id: string
      filename: string
      type: "pdf" | "docx" | "html" | "markdown" | "csv" | "text"
      bytes: number
      sha256: string
      /** Of the newest reading. `in_use` says whether answers rest on the file, perhaps as it was read before. */
      status: "uploaded" | "extracting" | "embedding" | "ready" | "failed"
      /** Why it failed, and what to do about it. */
      problem: string | null
      in_use: boolean
      /** It repeats 50 or more characters of the prompt, which the guard withholds all the same. */
      repeats_prompt: boolean
      statistics: {
        chunks: number
        embedded: number
        pages: number | null
        chars: number
        chunk_size: number
        chunk_overlap: number
      }
      created_at: string
      updated_at: string
      processed_at: string | null
    }
  }
  /** A ticket for one live connection */
  'POST /api/v1/live/ticket': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      ticket: string
      /** Seconds. */
      expires_in: number
    }
  }
  /** A WebSocket with your events as they happen */
  'GET /api/v1/live': {
    params: undefined
    query: {
      ticket: string
      last_event_id?: number | undefined
    }
    body: undefined
    answer: undefined
  }
  /** Your notifications, newest first */
  'GET /api/v1/notifications': {
    params: undefined
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      /** Only those not read yet. */
      unread?: "true" | "false" | undefined
    }
    body: undefined
    answer: {
      items: ({
        id: string
        type: "quota.low" | "payment.succeeded" | "payment.failed" | "payment.refunded" | "payment.disputed" | "settlement.closed" | "withdrawal.updated" | "agent.published" | "agent.price_changed" | "review.created"
        title: string
        body: string
        link: string | null
        created_at: string
        read_at: string | null
      })[]
      next_cursor: string | null
      /** At most 100; that many means as many or more. */
      unread_count: number
    }
  }
  /** Mark a notification as read */
  'POST /api/v1/notifications/{id}/read': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: undefined
  }
  /** Mark all notifications as read that there are at this moment */
  'POST /api/v1/notifications/read-all': {
    params: undefined
    query: undefined
    body: undefined
    answer: undefined
  }
  /** Delete a notification for good */
  'DELETE /api/v1/notifications/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: undefined
  }
  /** How you are told of each kind of event */
  'GET /api/v1/notifications/preferences': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      'quota.low': {
        in_app: boolean
        email: boolean
      }
      'payment.succeeded': {
        in_app: boolean
        email: boolean
      }
      'payment.failed': {
        in_app: boolean
        email: boolean
      }
      'payment.refunded': {
        in_app: boolean
        email: boolean
      }
      'payment.disputed': {
        in_app: boolean
        email: boolean
      }
      'settlement.closed': {
        in_app: boolean
        email: boolean
      }
      'withdrawal.updated': {
        in_app: boolean
        email: boolean
      }
      'agent.published': {
        in_app: boolean
        email: boolean
      }
      'agent.price_changed': {
        in_app: boolean
        email: boolean
      }
      'review.created': {
        in_app: boolean
        email: boolean
      }
      security: {
        email: true
      }
    }
  }
  /** Choose how you are told; kinds that you do not name stay as they are */
  'PUT /api/v1/notifications/preferences': {
    params: undefined
    query: undefined
    body: {
      'quota.low'?: {
        in_app: boolean
        email: boolean
      } | undefined
      'payment.succeeded'?: {
        in_app: boolean
        email: boolean
      } | undefined
      'payment.failed'?: {
        in_app: boolean
        email: boolean
      } | undefined
      'payment.refunded'?: {
        in_app: boolean
        email: boolean
      } | undefined
      'payment.disputed'?: {
        in_app: boolean
        email: boolean
      } | undefined
      'settlement.closed'?: {
        in_app: boolean
        email: boolean
      } | undefined
      'withdrawal.updated'?: {
        in_app: boolean
        email: boolean
      } | undefined
      'agent.published'?: {
        in_app: boolean
        email: boolean
      } | undefined
      'agent.price_changed'?: {
        in_app: boolean
        email: boolean
      } | undefined
      'review.created'?: {
        in_app: boolean
        email: boolean
      } | undefined
      security?: {
        email: true
      } | undefined
    }
    answer: {
      'quota.low': {
        in_app: boolean
        email: boolean
      }
      'payment.succeeded': {
        in_app: boolean
        email: boolean
      }
      'payment.failed': {
        in_app: boolean
        email: boolean
      }
      'payment.refunded': {
        in_app: boolean
        email: boolean
      }
      'payment.disputed': {
        in_app: boolean
        email: boolean
      }
      'settlement.closed': {
        in_app: boolean
        email: boolean
      }
      'withdrawal.updated': {
        in_app: boolean
        email: boolean
      }
      'agent.published': {
        in_app: boolean
        email: boolean
      }
      'agent.price_changed': {
        in_app: boolean
        email: boolean
      }
      'review.created': {
        in_app: boolean
        email: boolean
      }
      security: {
        email: true
      }
    }
  }
  /** What your account may still call, at this moment */
  'GET /api/v1/developers/quota': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      calls: {
        /** Units that can still be admitted. */
        remaining: number
        /** Calls that are running. */
        held: number
        /** Units of calls that were charged; trials draw none. */
        used: number
        granted: number
      }
      /** Prepaid, for premiums; what running calls hold is taken off. */
      balance_usd: string
      /** Calls in any 60 seconds. */
      rate: {
        limit: number
        remaining: number
        reset_seconds: number
      }
      /** In the order in which they are drawn. */
      lots: ({
        id: string
        kind: "paid" | "promotional"
        calls: number
        remaining: number
        state: "active" | "frozen" | "closed"
      })[]
      /** The keys that have caps, and how far these are used. */
      keys: ({
        api_key_id: string
        caps: ({
          period: "day" | "week" | "month"
          cap: number
          used: number
          reset_seconds: number
        })[]
      })[]
    }
  }
  /** Your calls, the newest first, some seconds after they ended */
  'GET /api/v1/developers/calls': {
    params: undefined
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      agent_id?: string | undefined
      api_key_id?: string | undefined
      status?: "success" | "error" | "timeout" | undefined
      /** The earliest end of a call. */
      from?: string | undefined
      /** Before which a call ended. */
      to?: string | undefined
      /** Milliseconds. */
      min_latency?: number | undefined
    }
    body: undefined
    answer: {
      items: ({
        id: string
        request_id: string
        agent_id: string
        agent_version: number
        api_key_id: string
        stream: boolean
        status: "success" | "error" | "timeout"
        error_code: string | null
        funding: "paid" | "promotional" | "trial" | null
        price_usd: string
        cost_usd: string
        premium_usd: string
        input_tokens: number | null
        output_tokens: number | null
        latency_ms: number
        first_content_ms: number | null
        created_at: string
      })[]
      next_cursor: string | null
    }
  }
  /** One of your calls */
  'GET /api/v1/developers/calls/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: {
      id: string
      request_id: string
      agent_id: string
      agent_version: number
      api_key_id: string
      stream: boolean
      status: "success" | "error" | "timeout"
      error_code: string | null
      funding: "paid" | "promotional" | "trial" | null
      price_usd: string
      cost_usd: string
      premium_usd: string
      input_tokens: number | null
      output_tokens: number | null
      latency_ms: number
      first_content_ms: number | null
      created_at: string
    }
  }
  /** Your API keys, the newest first */
  'GET /api/v1/developers/keys': {
    params: undefined
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      /** `all`: revoked and expired ones too. */
      status?: "active" | "all" | undefined
    }
    body: undefined
    answer: {
      items: ({
        id: string
        name: string | null
        /** The first characters of the key, by which you can tell it from others. */
        prefix: string
        status: "active" | "expired" | "revoked"
        caps: {
          day: number | null
          week: number | null
          month: number | null
        }
        agent_ids: string[] | null
        created_at: string
        /** When a call with it ended last, to within a minute or so. */
        last_used_at: string | null
        expires_at: string | null
        revoked_at: string | null
      })[]
      next_cursor: string | null
    }
  }
  /** Make an API key */
  'POST /api/v1/developers/keys': {
    params: undefined
    query: undefined
    body: {
      /** Calls per UTC day, week (from Monday) and month, counted from when the cap was set. Sent, it replaces all three. */
      caps?: {
        day?: number | null | undefined
        week?: number | null | undefined
        month?: number | null | undefined
      } | null | undefined
      /** The only agents that the key may call; null: every agent. */
      agent_ids?: string[] | null | undefined
      /** From when on the key is refused; null: never. */
      expires_at?: string | null | undefined
      name: string
    }
    answer: {
      id: string
      name: string | null
      /** The first characters of the key, by which you can tell it from others. */
      prefix: string
      status: "active" | "expired" | "revoked"
      caps: {
        day: number | null
        week: number | null
        month: number | null
      }
      agent_ids: string[] | null
      created_at: string
      /** When a call with it ended last, to within a minute or so. */
      last_used_at: string | null
      expires_at: string | null
      revoked_at: string | null
      /** The key itself. It is shown here and never again: null where this answers an Idempotency-Key a second time. Rotate the key to be shown a new one. */
      key: string | null
    }
  }
  /** One of your API keys */
  'GET /api/v1/developers/keys/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: {
      id: string
      name: string | null
      /** The first characters of the key, by which you can tell it from others. */
      prefix: string
      status: "active" | "expired" | "revoked"
      caps: {
        day: number | null
        week: number | null
        month: number | null
      }
      agent_ids: string[] | null
      created_at: string
      /** When a call with it ended last, to within a minute or so. */
      last_used_at: string | null
      expires_at: string | null
      revoked_at: string | null
    }
  }
  /** Rename an API key or change its limits */
  'PUT /api/v1/developers/keys/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: {
      /** Calls per UTC day, week (from Monday) and month, counted from when the cap was set. Sent, it replaces all three. */
      caps?: {
        day?: number | null | undefined
        week?: number | null | undefined
        month?: number | null | undefined
      } | null | undefined
      /** The only agents that the key may call; null: every agent. */
      agent_ids?: string[] | null | undefined
      /** From when on the key is refused; null: never. */
      expires_at?: string | null | undefined
      name?: string | undefined
    }
    answer: {
      id: string
      name: string | null
      /** The first characters of the key, by which you can tell it from others. */
      prefix: string
      status: "active" | "expired" | "revoked"
      caps: {
        day: number | null
        week: number | null
        month: number | null
      }
      agent_ids: string[] | null
      created_at: string
      /** When a call with it ended last, to within a minute or so. */
      last_used_at: string | null
      expires_at: string | null
      revoked_at: string | null
    }
  }
  /** Revoke an API key for good */
  'DELETE /api/v1/developers/keys/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: undefined
  }
  /** Replace an API key by a new one with the same settings */
  'POST /api/v1/developers/keys/{id}/rotate': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: {
      id: string
      name: string | null
      /** The first characters of the key, by which you can tell it from others. */
      prefix: string
      status: "active" | "expired" | "revoked"
      caps: {
        day: number | null
        week: number | null
        month: number | null
      }
      agent_ids: string[] | null
      created_at: string
      /** When a call with it ended last, to within a minute or so. */
      last_used_at: string | null
      expires_at: string | null
      revoked_at: string | null
      /** The key itself. It is shown here and never again: null where this answers an Idempotency-Key a second time. Rotate the key to be shown a new one. */
      key: string | null
    }
  }
  /** What is left on the account of the key that asks */
  'GET /api/v1/key': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      key_id: string
      calls: {
        remaining: number
        used: number
        held: number
        granted: number
      }
      balance_usd: string
      rate: {
        limit: number
        remaining: number
        reset_seconds: number
      }
      lots: ({
        id: string
        kind: "paid" | "promotional"
        calls: number
        remaining: number
      })[]
      unsent_logs: number
    }
  }
  /** The latest calls of the key’s account, newest first, some seconds after they ended */
  'GET /api/v1/calls': {
    params: undefined
    query: {
      limit?: number | undefined
      before?: string | undefined
    }
    body: undefined
    answer: {
      calls: ({
        id: string
        request_id: string
        agent_id: string
        agent_version: number
        api_key_id: string
        stream: boolean
        status: "success" | "error" | "timeout"
        error_code: string | null
        funding: "paid" | "promotional" | "trial" | null
        price_usd: string
        cost_usd: string
        premium_usd: string
        input_tokens: number | null
        output_tokens: number | null
        latency_ms: number
        first_content_ms: number | null
        created_at: string
      })[]
      next: string | null
    }
  }
  /** Deliveries of the last 30 days, newest first */
  'GET /api/v1/webhooks/{id}/deliveries': {
    params: {
      id: string
    }
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      state?: "pending" | "delivering" | "retrying" | "delivered" | "failed" | "dropped" | undefined
      event_type?: "call.completed" | "call.failed" | "quota.low" | "payment.succeeded" | "payment.failed" | "payment.refunded" | "payment.disputed" | "settlement.closed" | "withdrawal.updated" | "agent.published" | "agent.price_changed" | "review.created" | "webhook.test" | undefined
    }
    body: undefined
    answer: {
      items: ({
        id: string
        event_id: string
        event_type: string
        state: "pending" | "delivering" | "retrying" | "delivered" | "failed" | "dropped"
        attempts: number
        redeliveries: number
        last_status: number | null
        last_error: string | null
        next_attempt_at: string | null
        created_at: string
        finished_at: string | null
      })[]
      next_cursor: string | null
    }
  }
  /** A delivery: what was sent, and every attempt with its answer and its time */
  'GET /api/v1/webhooks/{id}/deliveries/{deliveryId}': {
    params: {
      id: string
      deliveryId: string
    }
    query: undefined
    body: undefined
    answer: {
      id: string
      event_id: string
      event_type: string
      state: "pending" | "delivering" | "retrying" | "delivered" | "failed" | "dropped"
      attempts: number
      redeliveries: number
      last_status: number | null
      last_error: string | null
      next_attempt_at: string | null
      created_at: string
      finished_at: string | null
      body: string
      history: ({
        redelivery: number
        number: number
        at: string
        status: number | null
        latency_ms: number
        error: string | null
        response: string | null
      })[]
    }
  }
  /** Send a delivery again that is over, under the same id; for 30 days, at most 20 times */
  'POST /api/v1/webhooks/{id}/deliveries/{deliveryId}/redeliver': {
    params: {
      id: string
      deliveryId: string
    }
    query: undefined
    body: undefined
    answer: {
      delivery_id: string
    }
  }
  /** Your webhooks */
  'GET /api/v1/webhooks': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      items: ({
        id: string
        url: string
        description: string | null
        events: string[]
        active: boolean
        paused_because: "owner" | "gone" | "failing" | null
        failing_since: string | null
        old_secret_until: string | null
        created_at: string
      })[]
      next_cursor: string | null
    }
  }
  /** A new webhook; its secret is shown this once */
  'POST /api/v1/webhooks': {
    params: undefined
    query: undefined
    body: {
      url: string
      events: ("call.completed" | "call.failed" | "quota.low" | "payment.succeeded" | "payment.failed" | "payment.refunded" | "payment.disputed" | "settlement.closed" | "withdrawal.updated" | "agent.published" | "agent.price_changed" | "review.created")[]
      description?: string | null | undefined
    }
    answer: {
      id: string
      url: string
      description: string | null
      events: string[]
      active: boolean
      paused_because: "owner" | "gone" | "failing" | null
      failing_since: string | null
      old_secret_until: string | null
      created_at: string
      secret: string
    }
  }
  /** One of your webhooks */
  'GET /api/v1/webhooks/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: {
      id: string
      url: string
      description: string | null
      events: string[]
      active: boolean
      paused_because: "owner" | "gone" | "failing" | null
      failing_since: string | null
      old_secret_until: string | null
      created_at: string
    }
  }
  /** Change a webhook, pause it or resume it; what is left out stays as it is */
  'PUT /api/v1/webhooks/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: {
      url?: string | undefined
      events?: ("call.completed" | "call.failed" | "quota.low" | "payment.succeeded" | "payment.failed" | "payment.refunded" | "payment.disputed" | "settlement.closed" | "withdrawal.updated" | "agent.published" | "agent.price_changed" | "review.created")[] | undefined
      description?: string | null | undefined
      active?: boolean | undefined
    }
    answer: {
      id: string
      url: string
      description: string | null
      events: string[]
      active: boolean
      paused_because: "owner" | "gone" | "failing" | null
      failing_since: string | null
      old_secret_until: string | null
      created_at: string
    }
  }
  /** Delete a webhook; what is on its way to it is dropped */
  'DELETE /api/v1/webhooks/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: undefined
  }
  /** Send `webhook.test` now, on the way that all events go; at most ten times a minute */
  'POST /api/v1/webhooks/{id}/test': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: {
      delivery_id: string
    }
  }
  /** A new secret, shown this once; the old one signs too for 24 hours */
  'POST /api/v1/webhooks/{id}/rotate-secret': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: {
      id: string
      url: string
      description: string | null
      events: string[]
      active: boolean
      paused_because: "owner" | "gone" | "failing" | null
      failing_since: string | null
      old_secret_until: string | null
      created_at: string
      secret: string
    }
  }
  /** Payments, newest first */
  'GET /api/v1/admin/payments': {
    params: undefined
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      status?: "pending" | "held" | "completed" | "failed" | "refunded" | "disputed" | undefined
      method?: "stripe" | "coinbase" | undefined
      user_id?: string | undefined
    }
    body: undefined
    answer: {
      items: ({
        id: string
        status: "pending" | "held" | "completed" | "failed" | "refunded" | "disputed"
        method: "stripe" | "coinbase"
        /** Null: a top-up of the prepaid balance. */
        package: "starter" | "pro" | "enterprise" | null
        calls: number
        amount_usd: string
        currency: string
        refunded_usd: string
        disputed_usd: string
        checkout_url: string | null
        expires_at: string | null
        created_at: string
        completed_at: string | null
        /** Whether what was bought is on the account. */
        credited: boolean
        user_id: string
        is_live: boolean
        problem: string | null
        received_usd: string | null
        provider_id: string | null
        reference: string | null
        fee_usd: string | null
      })[]
      next_cursor: string | null
    }
  }
  /** One payment, with what was booked and what was heard of it */
  'GET /api/v1/admin/payments/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: {
      id: string
      status: "pending" | "held" | "completed" | "failed" | "refunded" | "disputed"
      method: "stripe" | "coinbase"
      /** Null: a top-up of the prepaid balance. */
      package: "starter" | "pro" | "enterprise" | null
      calls: number
      amount_usd: string
      currency: string
      refunded_usd: string
      disputed_usd: string
      checkout_url: string | null
      expires_at: string | null
      created_at: string
      completed_at: string | null
      /** Whether what was bought is on the account. */
      credited: boolean
      user_id: string
      is_live: boolean
      problem: string | null
      received_usd: string | null
      provider_id: string | null
      reference: string | null
      fee_usd: string | null
      refundable_usd: string
      reversals: ({
        id: string
        kind: "refund" | "dispute"
        amount_usd: string
        outcome: "pending" | "done" | "failed" | "open" | "won" | "lost"
        created_at: string
        source: string
        state: "seen" | "applied" | "undone"
        taken_usd: string | null
        creators_usd: string | null
        margin_usd: string | null
        loss_usd: string | null
        late_usd: string | null
        fee_usd: string | null
      })[]
      ledger: ({
        kind: string
        source: string
        posted_at: string
        entries: ({
          account: string
          amount: string
        })[]
      })[]
      events: ({
        event_id: string
        type: string
        received_at: string
        applied_at: string | null
        problem: string | null
      })[]
    }
  }
  /** Let a held payment count as what was ordered */
  'POST /api/v1/admin/payments/{id}/accept': {
    params: {
      id: string
    }
    query: undefined
    body: {
      reason: string
    }
    answer: {
      id: string
      status: "pending" | "held" | "completed" | "failed" | "refunded" | "disputed"
      method: "stripe" | "coinbase"
      /** Null: a top-up of the prepaid balance. */
      package: "starter" | "pro" | "enterprise" | null
      calls: number
      amount_usd: string
      currency: string
      refunded_usd: string
      disputed_usd: string
      checkout_url: string | null
      expires_at: string | null
      created_at: string
      completed_at: string | null
      /** Whether what was bought is on the account. */
      credited: boolean
      user_id: string
      is_live: boolean
      problem: string | null
      received_usd: string | null
      provider_id: string | null
      reference: string | null
      fee_usd: string | null
      refundable_usd: string
      reversals: ({
        id: string
        kind: "refund" | "dispute"
        amount_usd: string
        outcome: "pending" | "done" | "failed" | "open" | "won" | "lost"
        created_at: string
        source: string
        state: "seen" | "applied" | "undone"
        taken_usd: string | null
        creators_usd: string | null
        margin_usd: string | null
        loss_usd: string | null
        late_usd: string | null
        fee_usd: string | null
      })[]
      ledger: ({
        kind: string
        source: string
        posted_at: string
        entries: ({
          account: string
          amount: string
        })[]
      })[]
      events: ({
        event_id: string
        type: string
        received_at: string
        applied_at: string | null
        problem: string | null
      })[]
    }
  }
  /** Send money back, all of it or an amount */
  'POST /api/v1/admin/payments/{id}/refund': {
    params: {
      id: string
    }
    query: undefined
    body: {
      refund_id: string
      amount_usd?: string | undefined
      reason: string
    }
    answer: {
      id: string
      status: "pending" | "held" | "completed" | "failed" | "refunded" | "disputed"
      method: "stripe" | "coinbase"
      /** Null: a top-up of the prepaid balance. */
      package: "starter" | "pro" | "enterprise" | null
      calls: number
      amount_usd: string
      currency: string
      refunded_usd: string
      disputed_usd: string
      checkout_url: string | null
      expires_at: string | null
      created_at: string
      completed_at: string | null
      /** Whether what was bought is on the account. */
      credited: boolean
      user_id: string
      is_live: boolean
      problem: string | null
      received_usd: string | null
      provider_id: string | null
      reference: string | null
      fee_usd: string | null
      refundable_usd: string
      reversals: ({
        id: string
        kind: "refund" | "dispute"
        amount_usd: string
        outcome: "pending" | "done" | "failed" | "open" | "won" | "lost"
        created_at: string
        source: string
        state: "seen" | "applied" | "undone"
        taken_usd: string | null
        creators_usd: string | null
        margin_usd: string | null
        loss_usd: string | null
        late_usd: string | null
        fee_usd: string | null
      })[]
      ledger: ({
        kind: string
        source: string
        posted_at: string
        entries: ({
          account: string
          amount: string
        })[]
      })[]
      events: ({
        event_id: string
        type: string
        received_at: string
        applied_at: string | null
        problem: string | null
      })[]
    }
  }
  /** What can be bought, and how it can be paid */
  'GET /api/v1/payments/packages': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      packages: ({
        id: "starter" | "pro" | "enterprise"
        name: string
        calls: number
        price_usd: string
        price_per_call_usd: string
      })[]
      top_up: {
        min_usd: string
        max_usd: string
      }
      methods: ("stripe" | "coinbase")[]
      currency: "USD"
    }
  }
  /** Open a page to pay at */
  'POST /api/v1/payments/checkout': {
    params: undefined
    query: undefined
    body: {
      package?: "starter" | "pro" | "enterprise" | undefined
      top_up_usd?: string | undefined
      method: "stripe" | "coinbase"
    }
    answer: {
      payment_id: string
      checkout_url: string
      expires_at: string
    }
  }
  /** Your payments, newest first */
  'GET /api/v1/payments/history': {
    params: undefined
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      status?: "pending" | "held" | "completed" | "failed" | "refunded" | "disputed" | undefined
    }
    body: undefined
    answer: {
      items: ({
        id: string
        status: "pending" | "held" | "completed" | "failed" | "refunded" | "disputed"
        method: "stripe" | "coinbase"
        /** Null: a top-up of the prepaid balance. */
        package: "starter" | "pro" | "enterprise" | null
        calls: number
        amount_usd: string
        currency: string
        refunded_usd: string
        disputed_usd: string
        checkout_url: string | null
        expires_at: string | null
        created_at: string
        completed_at: string | null
        /** Whether what was bought is on the account. */
        credited: boolean
      })[]
      next_cursor: string | null
    }
  }
  /** One of your payments */
  'GET /api/v1/payments/{id}': {
    params: {
      id: string
    }
    query: {
      refresh?: "true" | "false" | undefined
    }
    body: undefined
    answer: {
      id: string
      status: "pending" | "held" | "completed" | "failed" | "refunded" | "disputed"
      method: "stripe" | "coinbase"
      /** Null: a top-up of the prepaid balance. */
      package: "starter" | "pro" | "enterprise" | null
      calls: number
      amount_usd: string
      currency: string
      refunded_usd: string
      disputed_usd: string
      checkout_url: string | null
      expires_at: string | null
      created_at: string
      completed_at: string | null
      /** Whether what was bought is on the account. */
      credited: boolean
      reversals: ({
        id: string
        kind: "refund" | "dispute"
        amount_usd: string
        outcome: "pending" | "done" | "failed" | "open" | "won" | "lost"
        created_at: string
      })[]
    }
  }
  /** The receipt of a payment */
  'GET /api/v1/payments/{id}/receipt': {
    params: {
      id: string
    }
    query: {
      format?: "json" | "html" | undefined
    }
    body: undefined
    answer: {
      number: string
      payment_id: string
      issued_at: string
      buyer: {
        id: string
        email: string
      }
      lines: ({
        description: string
        quantity: number
        unit_price_usd: string
        amount_usd: string
      })[]
      total_usd: string
      currency: string
      method: "stripe" | "coinbase"
      provider_reference: string | null
      reversals: ({
        kind: "refund" | "dispute"
        amount_usd: string
        outcome: "pending" | "done" | "failed" | "open" | "won" | "lost"
        created_at: string
      })[]
      balance_usd: string
    }
  }
  /** For Stripe: what has happened to a payment */
  'POST /api/v1/payments/webhook/stripe': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      received: true
    }
  }
  /** For Coinbase: what has happened to a payment */
  'POST /api/v1/payments/webhook/coinbase': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      received: true
    }
  }
  /** The machine catalogue of all published agents */
  'GET /catalog.json': {
    params: undefined
    query: {
      /** The slug after which the page begins. */
      after?: string | undefined
    }
    body: undefined
    answer: {
      openapi_url: string
      agents: ({
        id: string
        slug: string
        name: string
        description: string
        category: string | null
        creator: string
        provider: string
        model: string
        price_per_call: string
        published_at: string
        chat_url: string
        markdown_url: string
      })[]
      next: string | null
    }
  }
  /** The page of an agent in Markdown */
  'GET /agents/{slug}/agent.md': {
    params: {
      slug: string
    }
    query: undefined
    body: undefined
    answer: string
  }
  /** How a language model uses this API */
  'GET /llms.txt': {
    params: undefined
    query: undefined
    body: undefined
    answer: string
  }
  /** Search the published agents */
  'GET /api/v1/marketplace/agents': {
    params: undefined
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      /** Words of the name, of the creator’s name or of the description, in whatever order; a name may be misspelt. */
      q?: string | undefined
      category?: "writing" | "code" | "data" | "research" | "education" | "support" | "legal" | "finance" | "marketing" | "design" | "translation" | "other" | undefined
      /** Dollars a call, included. */
      min_price?: string | undefined
      /** Dollars a call, included. */
      max_price?: string | undefined
      min_rating?: number | undefined
      provider?: "openai" | "anthropic" | "google" | undefined
      sort?: "relevance" | "rating" | "calls" | "newest" | "price" | "-price" | undefined
    }
    body: undefined
    answer: {
      items: ({
        id: string
        slug: string
        name: string
        /** The beginning of the description. */
        summary: string
        category: string | null
        provider: string
        model: string
        price_per_call: string
        rating: {
          average: number
          count: number
        }
        total_calls: number
        creator: {
          id: string
          display_name: string
          verified: boolean
        }
        published_at: string
        /** Whether its token is on the chain. */
        is_minted: boolean
      })[]
      next_cursor: string | null
      is_complete: boolean
    }
  }
  /** The public page of an agent, by its id or slug */
  'GET /api/v1/marketplace/agents/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: {
      id: string
      slug: string
      name: string
      category: string | null
      provider: string
      model: string
      price_per_call: string
      total_calls: number
      published_at: string
      /** Whether its token is on the chain. */
      is_minted: boolean
      description: string
      version: number
      creator: {
        id: string
        display_name: string
        verified: boolean
        bio: string | null
        avatar_url: string | null
      }
      /** What one successful call takes from a developer: a call of the package, and a premium from the balance. */
      cost: {
        calls: 1
        premium_usd: string
      }
      rating: {
        average: number
        count: number
        /** How many reviews gave 1, 2, 3, 4 and 5. */
        distribution: number[]
      }
      statistics: {
        days: number
        calls: number
        users: number
        success_rate: number | null
        /** Of the calls that succeeded, within 10 %; null while there are none. */
        latency_ms: {
          p50: number
          p95: number
        } | null
      }
      versions: ({
        version: number
        model: string
        price_per_call: string
        created_at: string
      })[]
      snippets: {
        curl: string
        typescript: string
        python: string
        openai: string
      }
      token: {
        id: string
        tx_hash: string | null
      } | null
    }
  }
  /** The categories, with how many agents each has */
  'GET /api/v1/marketplace/categories': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      items: ({
        category: "writing" | "code" | "data" | "research" | "education" | "support" | "legal" | "finance" | "marketing" | "design" | "translation" | "other"
        agents: number
        is_more: boolean
      })[]
    }
  }
  /** The agents in the front row, in order */
  'GET /api/v1/marketplace/featured': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      items: ({
        id: string
        slug: string
        name: string
        /** The beginning of the description. */
        summary: string
        category: string | null
        provider: string
        model: string
        price_per_call: string
        rating: {
          average: number
          count: number
        }
        total_calls: number
        creator: {
          id: string
          display_name: string
          verified: boolean
        }
        published_at: string
        /** Whether its token is on the chain. */
        is_minted: boolean
      })[]
    }
  }
  /** What developers say of an agent */
  'GET /api/v1/reviews/agents/{id}': {
    params: {
      id: string
    }
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      sort?: "newest" | "rating" | undefined
    }
    body: undefined
    answer: {
      items: ({
        id: string
        rating: number
        content: string | null
        created_at: string
        edited_at: string | null
        reply: {
          content: string
          created_at: string
        } | null
      })[]
      next_cursor: string | null
      average: number | null
      count: number
      distribution: {
        '1': number
        '2': number
        '3': number
        '4': number
        '5': number
      }
    }
  }
  /** Review an agent */
  'POST /api/v1/reviews/agents/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: {
      rating: number
      content?: string | null | undefined
    }
    answer: {
      id: string
      rating: number
      content: string | null
      created_at: string
      edited_at: string | null
      reply: {
        content: string
        created_at: string
      } | null
      agent_id: string
      status: "pending" | "approved" | "rejected"
      rejected_because: string | null
    }
  }
  /** Your reviews, and what has become of them */
  'GET /api/v1/reviews/mine': {
    params: undefined
    query: {
      limit?: number | undefined
      cursor?: string | undefined
    }
    body: undefined
    answer: {
      items: ({
        id: string
        rating: number
        content: string | null
        created_at: string
        edited_at: string | null
        reply: {
          content: string
          created_at: string
        } | null
        agent_id: string
        status: "pending" | "approved" | "rejected"
        rejected_because: string | null
      })[]
      next_cursor: string | null
    }
  }
  /** Change your review */
  'PUT /api/v1/reviews/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: {
      rating: number
      content?: string | null | undefined
    }
    answer: {
      id: string
      rating: number
      content: string | null
      created_at: string
      edited_at: string | null
      reply: {
        content: string
        created_at: string
      } | null
      agent_id: string
      status: "pending" | "approved" | "rejected"
      rejected_because: string | null
    }
  }
  /** Take your review back */
  'DELETE /api/v1/reviews/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: undefined
  }
  /** Report a review */
  'POST /api/v1/reviews/{id}/report': {
    params: {
      id: string
    }
    query: undefined
    body: {
      reason: string
    }
    answer: undefined
  }
  /** The approved reviews of your agents, newest first */
  'GET /api/v1/creators/me/reviews': {
    params: undefined
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      agent_id?: string | undefined
    }
    body: undefined
    answer: {
      items: ({
        id: string
        rating: number
        content: string | null
        created_at: string
        edited_at: string | null
        reply: {
          content: string
          created_at: string
        } | null
        agent_id: string
        agent_name: string
      })[]
      next_cursor: string | null
    }
  }
  /** Reply to a review of your agent */
  'POST /api/v1/reviews/{id}/reply': {
    params: {
      id: string
    }
    query: undefined
    body: {
      content: string
    }
    answer: undefined
  }
  /** Change your reply */
  'PUT /api/v1/reviews/{id}/reply': {
    params: {
      id: string
    }
    query: undefined
    body: {
      content: string
    }
    answer: undefined
  }
  /** Take your reply back */
  'DELETE /api/v1/reviews/{id}/reply': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: undefined
  }
  /** Have settled earnings paid out in USDC */
  'POST /api/v1/creators/me/withdrawals': {
    params: undefined
    query: undefined
    body: {
      id: string
      /** Before the fee, at least 10.00. */
      amount_usd: string
    }
    answer: {
      id: string
      amount_usd: string
      fee_usd: string
      /** What is sent, in USDC. */
      net_usd: string
      wallet: string
      /** In one word: `held`, `processing`, `completed`, `failed`, `rejected` or `canceled`. */
      status: string
      state: "held" | "requested" | "queued" | "signed" | "broadcast" | "mined" | "safe" | "final" | "returned" | "rejected" | "canceled"
      reason: string | null
      /** It can change while it is not final; the id never does. */
      tx_hash: string | null
      block_number: number | null
      created_at: string
      paid_at: string | null
      ended_at: string | null
      /** Every state that it was in, the first first. */
      steps: ({
        state: string
        at: string
        tx_hash: string | null
        block_number: number | null
      })[]
      /** The settlements that it is taken from, the oldest first, each with the fee that was frozen on it. */
      parts: ({
        settlement_id: string
        fee_percent: number
        amount_usd: string
      })[]
      payout: {
        chain_id: number
        contract: string
        /** The id under which the contract has it. */
        key: string
        /** The token refused the wallet; the contract keeps the amount for it. Null: not known yet. */
        credited: boolean | null
      } | null
    }
  }
  /** Your withdrawals, newest first */
  'GET /api/v1/creators/me/withdrawals': {
    params: undefined
    query: {
      limit?: number | undefined
      cursor?: string | undefined
    }
    body: undefined
    answer: {
      items: ({
        id: string
        amount_usd: string
        fee_usd: string
        /** What is sent, in USDC. */
        net_usd: string
        wallet: string
        /** In one word: `held`, `processing`, `completed`, `failed`, `rejected` or `canceled`. */
        status: string
        state: "held" | "requested" | "queued" | "signed" | "broadcast" | "mined" | "safe" | "final" | "returned" | "rejected" | "canceled"
        reason: string | null
        /** It can change while it is not final; the id never does. */
        tx_hash: string | null
        block_number: number | null
        created_at: string
        paid_at: string | null
        ended_at: string | null
      })[]
      next_cursor: string | null
    }
  }
  /** A withdrawal, with every state it was in */
  'GET /api/v1/creators/me/withdrawals/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: {
      id: string
      amount_usd: string
      fee_usd: string
      /** What is sent, in USDC. */
      net_usd: string
      wallet: string
      /** In one word: `held`, `processing`, `completed`, `failed`, `rejected` or `canceled`. */
      status: string
      state: "held" | "requested" | "queued" | "signed" | "broadcast" | "mined" | "safe" | "final" | "returned" | "rejected" | "canceled"
      reason: string | null
      /** It can change while it is not final; the id never does. */
      tx_hash: string | null
      block_number: number | null
      created_at: string
      paid_at: string | null
      ended_at: string | null
      /** Every state that it was in, the first first. */
      steps: ({
        state: string
        at: string
        tx_hash: string | null
        block_number: number | null
      })[]
      /** The settlements that it is taken from, the oldest first, each with the fee that was frozen on it. */
      parts: ({
        settlement_id: string
        fee_percent: number
        amount_usd: string
      })[]
      payout: {
        chain_id: number
        contract: string
        /** The id under which the contract has it. */
        key: string
        /** The token refused the wallet; the contract keeps the amount for it. Null: not known yet. */
        credited: boolean | null
      } | null
    }
  }
  /** Take back a withdrawal that is held for review */
  'POST /api/v1/creators/me/withdrawals/{id}/cancel': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: {
      id: string
      amount_usd: string
      fee_usd: string
      /** What is sent, in USDC. */
      net_usd: string
      wallet: string
      /** In one word: `held`, `processing`, `completed`, `failed`, `rejected` or `canceled`. */
      status: string
      state: "held" | "requested" | "queued" | "signed" | "broadcast" | "mined" | "safe" | "final" | "returned" | "rejected" | "canceled"
      reason: string | null
      /** It can change while it is not final; the id never does. */
      tx_hash: string | null
      block_number: number | null
      created_at: string
      paid_at: string | null
      ended_at: string | null
      /** Every state that it was in, the first first. */
      steps: ({
        state: string
        at: string
        tx_hash: string | null
        block_number: number | null
      })[]
      /** The settlements that it is taken from, the oldest first, each with the fee that was frozen on it. */
      parts: ({
        settlement_id: string
        fee_percent: number
        amount_usd: string
      })[]
      payout: {
        chain_id: number
        contract: string
        /** The id under which the contract has it. */
        key: string
        /** The token refused the wallet; the contract keeps the amount for it. Null: not known yet. */
        credited: boolean | null
      } | null
    }
  }
  /** Creators with earnings that are not settled */
  'GET /api/v1/admin/settlements/pending': {
    params: undefined
    query: {
      limit?: number | undefined
      cursor?: string | undefined
    }
    body: undefined
    answer: {
      items: ({
        creator_id: string
        pending_usd: string
        oldest_day: string
        /** When the period of the oldest day is due. */
        settles_at: string
        /** The status of one that is being made. */
        settlement: string | null
      })[]
      next_cursor: string | null
    }
  }
  /** Settle now, whatever the usual hold */
  'POST /api/v1/admin/settlements/trigger': {
    params: undefined
    query: undefined
    body: {
      /** Left out: everybody. */
      creator_id?: string | undefined
      /** Left out: the end of the latest period whose hold is over. At most tomorrow, which is all there is now. */
      to?: string | undefined
      dry_run?: boolean | undefined
      token?: string | undefined
      reason?: string | undefined
    }
    answer: {
      dry_run: boolean
      /** What was earned before this day is settled. */
      to: string
      settlements: ({
        creator_id: string
        period_start: string
        period_end: string
        lines: number
        calls: number
        gross_usd: string
        fee_usd: string
        net_usd: string
      })[]
      gross_usd: string
      fee_usd: string
      net_usd: string
      /** False: there are more than one request settles. Ask again after this one. */
      is_all: boolean
      /** Send it with `dry_run: false` to settle exactly this. */
      token: string
    }
  }
  /** Settlements of everybody, newest first */
  'GET /api/v1/admin/settlements/history': {
    params: undefined
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      creator_id?: string | undefined
      status?: "closing" | "closed" | "computed" | "posted" | undefined
    }
    body: undefined
    answer: {
      items: ({
        id: string
        /** The first day, in UTC. */
        period_start: string
        /** The day after the last. */
        period_end: string
        /** `posted`: it can be withdrawn. Before that its lines are gathered and its statement is written. */
        status: "closing" | "closed" | "computed" | "posted"
        calls: number
        gross_usd: string
        fee_usd: string
        net_usd: string
        /** Of the CSV, exactly as it is downloaded. Null until it is written. */
        statement: {
          sha256: string
          bytes: number
        } | null
        created_at: string
        settled_at: string | null
        creator_id: string
      })[]
      next_cursor: string | null
    }
  }
  /** Withdrawals of everybody, newest first */
  'GET /api/v1/admin/withdrawals': {
    params: undefined
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      creator_id?: string | undefined
      state?: "held" | "requested" | "queued" | "signed" | "broadcast" | "mined" | "safe" | "final" | "returned" | "rejected" | "canceled" | undefined
    }
    body: undefined
    answer: {
      items: ({
        id: string
        amount_usd: string
        fee_usd: string
        /** What is sent, in USDC. */
        net_usd: string
        wallet: string
        /** In one word: `held`, `processing`, `completed`, `failed`, `rejected` or `canceled`. */
        status: string
        state: "held" | "requested" | "queued" | "signed" | "broadcast" | "mined" | "safe" | "final" | "returned" | "rejected" | "canceled"
        reason: string | null
        /** It can change while it is not final; the id never does. */
        tx_hash: string | null
        block_number: number | null
        created_at: string
        paid_at: string | null
        ended_at: string | null
        creator_id: string
      })[]
      next_cursor: string | null
    }
  }
  /** A withdrawal, with every state it was in */
  'GET /api/v1/admin/withdrawals/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: {
      id: string
      amount_usd: string
      fee_usd: string
      /** What is sent, in USDC. */
      net_usd: string
      wallet: string
      /** In one word: `held`, `processing`, `completed`, `failed`, `rejected` or `canceled`. */
      status: string
      state: "held" | "requested" | "queued" | "signed" | "broadcast" | "mined" | "safe" | "final" | "returned" | "rejected" | "canceled"
      reason: string | null
      /** It can change while it is not final; the id never does. */
      tx_hash: string | null
      block_number: number | null
      created_at: string
      paid_at: string | null
      ended_at: string | null
      /** Every state that it was in, the first first. */
      steps: ({
        state: string
        at: string
        tx_hash: string | null
        block_number: number | null
      })[]
      /** The settlements that it is taken from, the oldest first, each with the fee that was frozen on it. */
      parts: ({
        settlement_id: string
        fee_percent: number
        amount_usd: string
      })[]
      payout: {
        chain_id: number
        contract: string
        /** The id under which the contract has it. */
        key: string
        /** The token refused the wallet; the contract keeps the amount for it. Null: not known yet. */
        credited: boolean | null
      } | null
      creator_id: string
    }
  }
  /** Let a withdrawal go that is held for review */
  'POST /api/v1/admin/withdrawals/{id}/approve': {
    params: {
      id: string
    }
    query: undefined
    body: {
      reason: string
    }
    answer: {
      id: string
      amount_usd: string
      fee_usd: string
      /** What is sent, in USDC. */
      net_usd: string
      wallet: string
      /** In one word: `held`, `processing`, `completed`, `failed`, `rejected` or `canceled`. */
      status: string
      state: "held" | "requested" | "queued" | "signed" | "broadcast" | "mined" | "safe" | "final" | "returned" | "rejected" | "canceled"
      reason: string | null
      /** It can change while it is not final; the id never does. */
      tx_hash: string | null
      block_number: number | null
      created_at: string
      paid_at: string | null
      ended_at: string | null
      /** Every state that it was in, the first first. */
      steps: ({
        state: string
        at: string
        tx_hash: string | null
        block_number: number | null
      })[]
      /** The settlements that it is taken from, the oldest first, each with the fee that was frozen on it. */
      parts: ({
        settlement_id: string
        fee_percent: number
        amount_usd: string
      })[]
      payout: {
        chain_id: number
        contract: string
        /** The id under which the contract has it. */
        key: string
        /** The token refused the wallet; the contract keeps the amount for it. Null: not known yet. */
        credited: boolean | null
      } | null
      creator_id: string
    }
  }
  /** Refuse a withdrawal that is held for review */
  'POST /api/v1/admin/withdrawals/{id}/reject': {
    params: {
      id: string
    }
    query: undefined
    body: {
      reason: string
    }
    answer: {
      id: string
      amount_usd: string
      fee_usd: string
      /** What is sent, in USDC. */
      net_usd: string
      wallet: string
      /** In one word: `held`, `processing`, `completed`, `failed`, `rejected` or `canceled`. */
      status: string
      state: "held" | "requested" | "queued" | "signed" | "broadcast" | "mined" | "safe" | "final" | "returned" | "rejected" | "canceled"
      reason: string | null
      /** It can change while it is not final; the id never does. */
      tx_hash: string | null
      block_number: number | null
      created_at: string
      paid_at: string | null
      ended_at: string | null
      /** Every state that it was in, the first first. */
      steps: ({
        state: string
        at: string
        tx_hash: string | null
        block_number: number | null
      })[]
      /** The settlements that it is taken from, the oldest first, each with the fee that was frozen on it. */
      parts: ({
        settlement_id: string
        fee_percent: number
        amount_usd: string
      })[]
      payout: {
        chain_id: number
        contract: string
        /** The id under which the contract has it. */
        key: string
        /** The token refused the wallet; the contract keeps the amount for it. Null: not known yet. */
        credited: boolean | null
      } | null
      creator_id: string
    }
  }
  /** Where the books, the accounts, the payment services and the chain do not agree */
  'GET /api/v1/admin/differences': {
    params: undefined
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      /** Only those that are still there. */
      open?: "true" | "false" | undefined
    }
    body: undefined
    answer: {
      items: ({
        name: string
        scope: string
        expected: string
        found: string
        freezes: string | null
        first_seen: string
        last_seen: string
        resolved_at: string | null
        /** When an admin let go what it had stopped. */
        released_at: string | null
      })[]
      next_cursor: string | null
    }
  }
  /** Let go what a difference has stopped, although it is still there */
  'POST /api/v1/admin/differences/release': {
    params: undefined
    query: undefined
    body: {
      name: string
      scope: string
      reason: string
    }
    answer: undefined
  }
  /** What you have earned, and where it is */
  'GET /api/v1/creators/me/earnings': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      /** Earned, and not settled yet. */
      pending_usd: string
      /** Settled, and not withdrawn yet. */
      available_usd: string
      /** The most that a withdrawal can be of at this moment: whole cents. */
      withdrawable_usd: string
      /** From when your wallet may be paid. Null: you have none. */
      payable_from: string | null
      /** Asked to be paid out, and on its way. */
      in_flight_usd: string
      paid_out: {
        gross_usd: string
        fee_usd: string
        net_usd: string
      }
      /** All of it together. */
      lifetime: {
        gross_usd: string
        fee_usd: string
        net_usd: string
      }
      /** When the oldest of what is pending is due. Null: nothing is. */
      next_settlement_at: string | null
    }
  }
  /** Your settlements, newest first */
  'GET /api/v1/creators/me/settlements': {
    params: undefined
    query: {
      limit?: number | undefined
      cursor?: string | undefined
    }
    body: undefined
    answer: {
      items: ({
        id: string
        /** The first day, in UTC. */
        period_start: string
        /** The day after the last. */
        period_end: string
        /** `posted`: it can be withdrawn. Before that its lines are gathered and its statement is written. */
        status: "closing" | "closed" | "computed" | "posted"
        calls: number
        gross_usd: string
        fee_usd: string
        net_usd: string
        /** Of the CSV, exactly as it is downloaded. Null until it is written. */
        statement: {
          sha256: string
          bytes: number
        } | null
        created_at: string
        settled_at: string | null
      })[]
      next_cursor: string | null
    }
  }
  /** A settlement */
  'GET /api/v1/creators/me/settlements/{id}': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: {
      id: string
      /** The first day, in UTC. */
      period_start: string
      /** The day after the last. */
      period_end: string
      /** `posted`: it can be withdrawn. Before that its lines are gathered and its statement is written. */
      status: "closing" | "closed" | "computed" | "posted"
      calls: number
      gross_usd: string
      fee_usd: string
      net_usd: string
      /** Of the CSV, exactly as it is downloaded. Null until it is written. */
      statement: {
        sha256: string
        bytes: number
      } | null
      created_at: string
      settled_at: string | null
      /** What refunds and disputes took back before it was settled; `gross_usd` is without it. */
      corrections_usd: string
      parts: ({
        fee_percent: number
        gross_usd: string
        withdrawn_usd: string
      })[]
    }
  }
  /** The statement of a settlement: every call that it pays for */
  'GET /api/v1/creators/me/settlements/{id}/statement.csv': {
    params: {
      id: string
    }
    query: undefined
    body: undefined
    answer: string
  }
  /** Every route of this version, as OpenAPI 3.1 */
  'GET /api/v1/openapi.json': {
    params: undefined
    query: undefined
    body: undefined
    answer: string
  }
  /** Every route of this version, as a page to read */
  'GET /api/v1/reference': {
    params: undefined
    query: undefined
    body: undefined
    answer: string
  }
}
